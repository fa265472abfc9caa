package main

import (
	"regexp"
	"strings"
	"testing"

	"github.com/spf13/cobra"

	"syncagent/internal/config"
	"syncagent/internal/reconcile"
)

var (
	saidCommand = regexp.MustCompile(`syncagent ([a-z]+(?: [a-z]+)?)`)
	saidFlag    = regexp.MustCompile(`--([a-z][a-z-]+)`)
	saidKey     = regexp.MustCompile(`\b((?:policy|map|expect|server|sql|ldap|tls)\.[a-z_]+(?:\.[a-z_]+)*)`)
)

// TestHintsCanBeFollowed: whatever the page of a code tells people to type or to
// set exists.
func TestHintsCanBeFollowed(t *testing.T) {
	root := newRoot(newGlobals(Main{}))
	commands, flags := map[string]bool{}, map[string]bool{}
	for _, c := range allCommands(root) {
		commands[strings.TrimPrefix(c.CommandPath(), "syncagent ")] = true
		collectFlags(c, flags)
	}
	var keys []string
	for _, k := range config.Keys() {
		keys = append(keys, "."+strings.ReplaceAll(k.Path, "[]", "")+".")
	}
	said := 0
	for _, c := range reconcile.Codes() {
		text := c.Meaning + " " + c.Hint
		for _, m := range saidCommand.FindAllStringSubmatch(text, -1) {
			first, _, _ := strings.Cut(m[1], " ")
			if said++; !commands[m[1]] && !commands[first] && !plainWords[first] {
				t.Errorf("%s: there is no command %q", c.Code, m[1])
			}
		}
		for _, m := range saidFlag.FindAllStringSubmatch(text, -1) {
			if said++; !flags[m[1]] {
				t.Errorf("%s: there is no flag --%s", c.Code, m[1])
			}
		}
		for _, m := range saidKey.FindAllStringSubmatch(text, -1) {
			known := false
			for _, k := range keys {
				known = known || strings.Contains(k, "."+m[1]+".")
			}
			if said++; !known {
				t.Errorf("%s: there is no key %s", c.Code, m[1])
			}
		}
	}
	if said < 80 {
		t.Errorf("only %d things to type were found", said)
	}
}

// plainWords follow the name of the program in sentences.
var plainWords = map[string]bool{"uses": true, "as": true}

func collectFlags(c *cobra.Command, into map[string]bool) {
	for line := range strings.SplitSeq(c.Flags().FlagUsages()+c.PersistentFlags().FlagUsages(), "\n") {
		for _, m := range saidFlag.FindAllStringSubmatch(line, 1) {
			into[m[1]] = true
		}
	}
}

// TestPagesAreOfUse: a page says more than its title, and what to do about it;
// "nothing" only together with what happens then.
func TestPagesAreOfUse(t *testing.T) {
	for _, c := range reconcile.Codes() {
		switch {
		case len(c.Meaning) < 50 || strings.EqualFold(strings.TrimSuffix(c.Meaning, "."), c.Title):
			t.Errorf("%s: the meaning says no more than the title: %s", c.Code, c.Meaning)
		case c.Class == reconcile.ClassNotice:
		case len(c.Hint) < 30:
			t.Errorf("%s: nothing to do about it: %q", c.Code, c.Hint)
		case strings.HasPrefix(c.Hint, "Nothing.") && !strings.Contains(c.Hint, "next"):
			t.Errorf("%s: what happens then? %q", c.Code, c.Hint)
		}
	}
}
