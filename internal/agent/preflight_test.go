package agent

import (
	"strings"
	"testing"

	"syncagent/internal/config"
	"syncagent/internal/stalwart"
)

func TestAnExportThatCanNeverBeIsRefusedBeforeAnything(t *testing.T) {
	wish := func(key bool, missing config.MissingMode, export bool) *config.Config {
		c := &config.Config{Sources: []config.Source{{Name: "staff", Policy: config.Policy{Missing: missing, Export: config.Export{Required: export}}}}}
		if key {
			c.Server.APIKey = &config.Secret{}
		}
		return c
	}
	old := stalwart.Info{Generation: "rest-0.15", Version: "0.15.5"}
	for name, c := range map[string]struct {
		config *config.Config
		info   stalwart.Info
		refuse bool
	}{
		"key and export":       {wish(true, config.MissingDelete, true), old, true},
		"no export":            {wish(true, config.MissingDelete, false), old, false},
		"password":             {wish(false, config.MissingDelete, true), old, false},
		"report only":          {wish(true, config.MissingReport, true), old, false},
		"0.16 reads with keys": {wish(true, config.MissingDelete, true), stalwart.Info{Generation: stalwart.GenerationJMAP}, false},
	} {
		err := possible(c.config, c.info)
		if (err != nil) != c.refuse {
			t.Errorf("%s: %v", name, err)
		}
		if err == nil {
			continue
		}
		if code := (&Report{}).ExitCode(err); code != ExitUsage || !strings.Contains(err.Error(), "staff") {
			t.Errorf("%s: exit %d, %v", name, code, err)
		}
	}
}
