package agent

import (
	"fmt"

	"syncagent/internal/config"
	"syncagent/internal/stalwart"
)

// ImpossibleError says that the configuration wants what the mail server that
// was found can never do with this login (exit 64). Nothing was done. Where the
// configuration names the version, "check" says the same with line and column.
type ImpossibleError struct {
	// Key is the setting.
	Key  string
	Why  string
	hint string
}

func (e *ImpossibleError) Error() string { return e.Key + ": " + e.Why }

// Hint is what a person can do.
func (e *ImpossibleError) Hint() string { return e.hint }

// possible compares the configuration with the server that was found: nil, or an
// *ImpossibleError about the first source that wants the impossible. What only
// lacks a permission is not meant: that is told by holds and by doctor.
func possible(c *config.Config, info stalwart.Info) error {
	if info.Generation == stalwart.GenerationJMAP || c.Server.APIKey == nil {
		return nil
	}
	for _, s := range c.Sources {
		if s.Policy.Missing == config.MissingDelete && s.Policy.Export.Required {
			return &ImpossibleError{
				Key: "policy.missing",
				Why: fmt.Sprintf("delete can never work for source %s: export.required is true, and API keys cannot read mail on Stalwart %s",
					s.Name, info.Version),
				hint: "nothing was done. Use server.username and server.password of an administrator, or set export: { required: false }",
			}
		}
	}
	return nil
}
