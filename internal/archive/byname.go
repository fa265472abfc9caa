package archive

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"syncagent/internal/reconcile"
)

// stampForm is the end of an archive's name: when it was finished.
const stampForm = "20060102T150405Z"

// finalName is the name that a finished archive gets: for people the account's
// name, for us its ID and the time.
func finalName(m Manifest) string {
	return fmt.Sprintf("%s-%s-%s", safeName(m.Name), m.Account, m.Finished.UTC().Format(stampForm))
}

// stampOf reads the time from an archive's name.
func stampOf(name string) (before string, at time.Time, ok bool) {
	cut := strings.LastIndexByte(name, '-')
	if cut <= 0 {
		return "", time.Time{}, false
	}
	at, err := time.Parse(stampForm, name[cut+1:])
	return name[:cut], at, err == nil
}

// Latest gives the youngest finished archive of an account in a directory. It
// is not verified. Only archives that still have the name which Export gave them
// are found: a manifest can be large, so not all of them are read.
func Latest(dir, server string, account reconcile.AccountID) (latest Stored, found bool, err error) {
	all, err := named(dir, func(before string, _ time.Time) bool { return strings.HasSuffix(before, "-"+string(account)) })
	for _, s := range all {
		if s.Account == account && s.Server == server && (!found || s.Finished.After(latest.Finished)) {
			latest, found = s, true
		}
	}
	return latest, found, err
}

// Older gives the archives that were finished before a time, by name. What a
// person renamed, or what is no archive, is left alone.
func Older(dir string, than time.Time) ([]Stored, error) {
	all, err := named(dir, func(_ string, at time.Time) bool { return at.Before(than) })
	return slices.DeleteFunc(all, func(s Stored) bool { return !s.Finished.Before(than) }), err
}

// named reads the manifests of the archives whose names are wanted and true.
func named(dir string, want func(before string, at time.Time) bool) ([]Stored, error) {
	all, err := finished(dir, func(name string) bool {
		before, at, ok := stampOf(name)
		return ok && !strings.HasPrefix(name, ".") && want(before, at)
	})
	return slices.DeleteFunc(all, func(s Stored) bool { return finalName(s.Manifest) != filepath.Base(s.Path) }), err
}
