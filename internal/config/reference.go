package config

import (
	"fmt"
	"strings"
)

// Reference is the text of docs/reference/configuration.md.
func Reference() string {
	var b strings.Builder
	b.WriteString(referenceIntro)
	section := ""
	for _, k := range Keys() {
		if top := sectionOf(k.Path); top != section {
			section = top
			fmt.Fprintf(&b, "\n## %s\n\n| Key | Value | Default | Meaning |\n|---|---|---|---|\n", section)
		}
		def := "`" + k.Default + "`"
		switch k.Default {
		case "":
			def = ""
		case required:
			def = required
		}
		fmt.Fprintf(&b, "| `%s` | %s | %s | %s |\n", k.Path, cell(k.Form), cell(def), cell(k.Doc))
	}
	b.WriteString("\n## Not in this build\n\nThese settings are refused (exit code 64), never ignored.\n\n" +
		"| Key | Message | Instead |\n|---|---|---|\n")
	for _, entry := range notBuiltYet {
		fmt.Fprintf(&b, "| `%s` | %s | %s |\n", entry.path, cell(entry.message), cell(entry.hint))
	}
	return b.String()
}

// sectionOf groups the keys: by top key, and sources by what is below them.
func sectionOf(path string) string {
	parts := strings.Split(path, ".")
	if parts[0] == "sources[]" && len(parts) > 1 && parts[1] != "name" && parts[1] != "policy" {
		return "sources[]." + parts[1]
	}
	switch top := strings.TrimSuffix(parts[0], "[]"); top {
	case "state", "audit", "listen", "log", "notify":
		return "state, audit, listen, log, notify"
	default:
		return top
	}
}

func cell(text string) string { return strings.ReplaceAll(text, "|", `\|`) }

const referenceIntro = `# Configuration reference

<!-- Generated from internal/config/keys.go: go test ./internal/config -run Docs -update -->

The configuration is one YAML file, by default ` + "`" + DefaultPath + "`" + ` (or ` + "`-c FILE`, `$SYNCAGENT_CONFIG`" + `;
` + "`-c -`" + ` reads standard input). It is strict: an unknown or doubled key is an error, and so is a setting
that this build cannot honour. ` + "`syncagent check`" + ` tells all mistakes at once without touching the network;
` + "`syncagent check --defaults`" + ` prints the whole configuration with the defaults filled in.
Ready examples: ` + "`configs/minimal.yaml`, `configs/ldap.yaml`, `configs/sql.yaml`" + `.

- **Durations** are Go's (` + "`30s`, `15m`, `1h30m`" + `) with days and weeks: ` + "`14d`, `2w`, `1d12h`" + `.
- **Percentages** carry the sign: ` + "`10%`" + `.
- **Paths** are relative to the configuration file.
- **Secrets** are never written into the file. Each is exactly one of ` + "`{ file: PATH }`" + ` (a file that everybody may
  read is refused), ` + "`{ env: NAME }`" + ` and ` + "`{ credential: NAME }`" + ` (systemd's LoadCredential=). They are read anew for each
  run, one newline at the end is cut off, and they are never printed.
- **Templates** are text with ` + "`{attribute}`" + `; ` + "`{{`" + ` is a brace.
- **Patterns** know only ` + "`*`" + ` (any run of characters); letter case does not matter.
`
