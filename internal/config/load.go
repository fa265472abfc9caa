package config

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"reflect"
	"strings"

	yaml "go.yaml.in/yaml/v4"
)

// maxSize is the largest configuration that is read.
const maxSize = 1 << 20

// Load reads and checks the configuration in a file, or from standard input if
// path is "-". Whatever is wrong comes as one *ProblemsError.
func Load(path string) (*Config, error) {
	if path == "-" {
		return LoadReader(os.Stdin, "standard input")
	}
	file, err := os.Open(path) //nolint:gosec // the administrator names the file
	if err != nil {
		return nil, fileProblem(path, err)
	}
	defer func() { _ = file.Close() }()
	dir, err := filepath.Abs(filepath.Dir(path))
	if err != nil {
		return nil, fileProblem(path, err)
	}
	return load(file, path, dir)
}

// LoadReader reads and checks a configuration; name is what messages call it.
// Paths in it are relative to the working directory.
func LoadReader(r io.Reader, name string) (*Config, error) {
	dir, err := os.Getwd()
	if err != nil {
		return nil, fileProblem(name, err)
	}
	return load(r, name, dir)
}

func fileProblem(name string, err error) error {
	if pathErr, ok := errors.AsType[*os.PathError](err); ok {
		err = pathErr.Err
	}
	p := Problem{File: name, Message: "cannot be read: " + err.Error()}
	switch {
	case errors.Is(err, os.ErrNotExist):
		p.Hint = "name the configuration with -c FILE or $SYNCAGENT_CONFIG"
	case errors.Is(err, os.ErrPermission):
		p.Hint = "run syncagent as the user that may read it"
	}
	return &ProblemsError{Problems: []Problem{p}}
}

func load(r io.Reader, name, dir string) (*Config, error) {
	data, err := io.ReadAll(io.LimitReader(r, maxSize+1))
	if err != nil {
		return nil, fileProblem(name, err)
	}
	if len(data) > maxSize {
		return nil, &ProblemsError{Problems: []Problem{{File: name, Message: "is larger than 1 MiB"}}}
	}
	d := &decoder{dir: dir, marks: map[string]mark{}, suggested: map[string]bool{}}
	cfg := defaults()
	cfg.File = name
	root := d.parse(data)
	var warnings []Problem
	if root != nil {
		d.general = generalPolicy(root, dir)
		d.decode(root, reflect.ValueOf(cfg), "")
		cfg.fillPaths(d)
		warnings = validate(d, cfg)
	}
	excerpts := newExcerpts(data, root)
	cfg.Warnings = excerpts.finish(warnings, name)
	if problems := excerpts.finish(d.problems, name); len(problems) > 0 {
		return nil, &ProblemsError{Problems: problems}
	}
	return cfg, nil
}

// parse gives the top mapping, or nil after adding a problem.
func (d *decoder) parse(data []byte) *yaml.Node {
	var doc yaml.Node
	if err := yaml.Load(data, &doc, yaml.WithV4Defaults()); err != nil {
		d.syntaxProblems(err)
		return nil
	}
	if len(doc.Content) != 1 || isNull(doc.Content[0]) {
		d.problem(mark{}, "", "start from configs/minimal.yaml", "the configuration is empty")
		return nil
	}
	root := doc.Content[0]
	if root.Kind != yaml.MappingNode {
		d.problem(markOf(root), "", "start from configs/minimal.yaml",
			"the configuration must be a mapping (key: value)")
		return nil
	}
	return root
}

func (d *decoder) syntaxProblems(err error) {
	var several *yaml.LoadErrors
	list := []*yaml.LoadError{}
	var one *yaml.LoadError
	switch {
	case errors.As(err, &several):
		list = several.Errors
	case errors.As(err, &one):
		list = append(list, one)
	}
	for _, e := range list {
		at := mark{e.Mark.Line, e.Mark.Column}
		switch {
		case strings.Contains(e.Message, "no documents"):
			d.problem(mark{}, "", "start from configs/minimal.yaml", "the configuration is empty")
		case strings.Contains(e.Message, "single document"):
			d.problem(at, "", "remove the line with ---", "holds more than one YAML document")
		case strings.Contains(e.Message, "cannot start any token"):
			d.problem(at, "", "indent with blanks, not with tabs; quote values that start with @ or `",
				"not valid YAML: %s", e.Message)
		case strings.Contains(e.Message, "mapping values are not allowed"):
			d.problem(at, "", `quote a value that contains ": "`, "not valid YAML: %s", e.Message)
		default:
			d.problem(at, "", "", "not valid YAML: %s", e.Message)
		}
	}
	if len(list) == 0 {
		d.problem(mark{}, "", "", "not valid YAML: %s", err)
	}
}

// generalPolicy reads the policy ahead of the sources, which start from it
// wherever it stands. Its problems are told when it is read in its place.
func generalPolicy(root *yaml.Node, dir string) Policy {
	policy := defaultPolicy()
	scratch := &decoder{dir: dir, marks: map[string]mark{}, suggested: map[string]bool{}}
	for i := 0; i+1 < len(root.Content); i += 2 {
		if root.Content[i].Value == "policy" {
			scratch.decode(root.Content[i+1], reflect.ValueOf(&policy), "policy")
			break
		}
	}
	return policy
}

// fillPaths makes paths absolute and fills in those that depend on state.dir.
func (c *Config) fillPaths(d *decoder) {
	c.State.Dir = d.absolute(c.State.Dir)
	if c.Audit.File == "" && !d.isSet("audit.file") {
		c.Audit.File = defaultAudit
		if c.State.Dir != defaultStateDir {
			c.Audit.File = filepath.Join(c.State.Dir, "audit.jsonl")
		}
	}
	c.Audit.File = d.absolute(c.Audit.File)
	c.Server.TLS.CAFile = d.absolute(c.Server.TLS.CAFile)
	c.Server.TLS.ClientCert = d.absolute(c.Server.TLS.ClientCert)
	d.fillExport(&c.Policy.Export, "policy", c.State.Dir)
	for i := range c.Sources {
		s := &c.Sources[i]
		d.fillExport(&s.Policy.Export, fmt.Sprintf("sources[%d].policy", i), c.State.Dir)
		if s.LDAP != nil {
			s.LDAP.TLS.CAFile = d.absolute(s.LDAP.TLS.CAFile)
			s.LDAP.TLS.ClientCert = d.absolute(s.LDAP.TLS.ClientCert)
		}
	}
}

func (d *decoder) fillExport(e *Export, policy, state string) {
	if e.Dir == "" && !d.isSet(policy+".export.dir") {
		e.Dir = filepath.Join(state, "archive")
	}
	e.Dir = d.absolute(e.Dir)
}
