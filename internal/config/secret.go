package config

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	yaml "go.yaml.in/yaml/v4"
)

// redacted is what a secret looks like wherever it is printed.
const redacted = "<secret>"

// maxSecret is the largest file that is taken for a secret.
const maxSecret = 64 << 10

// Secret says where a secret is found; it never holds the secret itself. It
// cannot be printed or marshalled. The zero value is not valid.
type Secret struct {
	form secretForm
	// ref is a path, the name of an environment variable or of a credential.
	ref string
}

type secretForm string

// The places of a secret: a file, an environment variable, a credential of
// systemd (a file in $CREDENTIALS_DIRECTORY).
const (
	formFile       secretForm = "file"
	formEnv        secretForm = "env"
	formCredential secretForm = "credential"
)

// SecretError tells why a secret could not be read; it contains where the
// secret was looked for, but never what it is.
type SecretError struct {
	message string
	hint    string
	cause   error
}

// Error is the message without the hint.
func (e *SecretError) Error() string {
	if e.cause != nil {
		return e.message + ": " + e.cause.Error()
	}
	return e.message
}

// Hint says what to do about it.
func (e *SecretError) Hint() string { return e.hint }

// Unwrap gives the cause, such as fs.ErrNotExist.
func (e *SecretError) Unwrap() error { return e.cause }

// FileSecret is a secret in a file.
func FileSecret(path string) *Secret { return &Secret{form: formFile, ref: path} }

// EnvSecret is a secret in an environment variable.
func EnvSecret(name string) *Secret { return &Secret{form: formEnv, ref: name} }

// Reference says where the secret is found, such as "file:/etc/x" or "env:X".
func (s Secret) Reference() string { return string(s.form) + ":" + s.ref }

// Read reads the secret anew, so that a changed one is used without a restart,
// and trims one newline at its end. A file that everybody may read, an unset
// variable and an empty secret are errors (*SecretError).
func (s Secret) Read() (string, error) {
	switch s.form {
	case formEnv:
		value, ok := os.LookupEnv(s.ref)
		if !ok {
			return "", &SecretError{message: "environment variable " + s.ref + " is not set"}
		}
		return s.trim(value)
	case formCredential:
		dir, err := credentialsDirectory(s.ref)
		if err != nil {
			return "", err
		}
		return s.readFile(filepath.Join(dir, s.ref))
	case formFile:
		return s.readFile(s.ref)
	default:
		return "", &SecretError{message: "no secret is configured"}
	}
}

func credentialsDirectory(name string) (string, error) {
	if dir := os.Getenv("CREDENTIALS_DIRECTORY"); dir != "" {
		return dir, nil
	}
	return "", &SecretError{
		message: "credential " + name + ": CREDENTIALS_DIRECTORY is not set",
		hint:    "systemd sets it for a service with LoadCredential=" + name + ":PATH",
	}
}

func (s Secret) readFile(path string) (string, error) {
	file, err := os.Open(path) //nolint:gosec // the administrator names the file
	if err != nil {
		return "", secretFileError(path, err)
	}
	defer func() { _ = file.Close() }()
	info, err := file.Stat()
	if err != nil {
		return "", secretFileError(path, err)
	}
	if err := checkMode(path, info.Mode()); err != nil {
		return "", err
	}
	data, err := io.ReadAll(io.LimitReader(file, maxSecret+1))
	if err != nil {
		return "", secretFileError(path, err)
	}
	if len(data) > maxSecret {
		return "", &SecretError{message: "secret file " + path + " is larger than 64 KiB"}
	}
	return s.trim(string(data))
}

// secretFileError drops the doubled path from an error of the os package.
func secretFileError(path string, err error) error {
	if pathErr, ok := errors.AsType[*os.PathError](err); ok {
		err = pathErr.Err
	}
	e := &SecretError{message: "secret file " + path, cause: err}
	switch {
	case errors.Is(err, os.ErrNotExist):
		e.hint = "create it, readable only for the user that syncagent runs as"
	case errors.Is(err, os.ErrPermission):
		e.hint = "let the user that syncagent runs as read it: chown or chgrp, and chmod 640"
	}
	return e
}

func checkMode(path string, mode os.FileMode) error {
	switch {
	case mode.IsDir():
		return &SecretError{message: "secret file " + path + " is a directory"}
	case mode.Perm()&0o006 != 0:
		return &SecretError{
			message: fmt.Sprintf("secret file %s is open to everybody (mode %04o)", path, mode.Perm()),
			hint:    "chmod 600 " + path,
		}
	}
	return nil
}

func (s Secret) trim(value string) (string, error) {
	value = strings.TrimSuffix(value, "\n")
	value = strings.TrimSuffix(value, "\r")
	switch {
	case value == "":
		return "", &SecretError{message: "secret " + s.Reference() + " is empty"}
	case strings.ContainsRune(value, 0):
		return "", &SecretError{message: "secret " + s.Reference() + " contains a NUL byte"}
	}
	return value, nil
}

// String hides the secret.
func (s Secret) String() string { return redacted }

// GoString hides the secret.
func (s Secret) GoString() string { return redacted }

// Format hides the secret for every verb.
func (s Secret) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, redacted) }

// MarshalJSON hides the secret.
func (s Secret) MarshalJSON() ([]byte, error) { return []byte(`"` + redacted + `"`), nil }

// MarshalText hides the secret.
func (s Secret) MarshalText() ([]byte, error) { return []byte(redacted), nil }

// MarshalYAML hides the secret.
func (s Secret) MarshalYAML() (any, error) { return redacted, nil }

const secretHint = "write { file: PATH }, { env: NAME } or { credential: NAME }" //nolint:gosec // no secret, but where one is found

func (s *Secret) decodeNode(d *decoder, n *yaml.Node, path string) {
	if n.Kind != yaml.MappingNode {
		d.problem(markOf(n), path, secretHint, "a secret does not belong into this file")
		return
	}
	var refs struct {
		File       string `yaml:"file"`
		Env        string `yaml:"env"`
		Credential string `yaml:"credential"`
	}
	before := len(d.problems)
	d.fields(n, &refs, path)
	if len(d.problems) > before {
		return
	}
	if len(n.Content) != 2 {
		d.problem(markOf(n), path, secretHint, "needs exactly one of file, env and credential")
		return
	}
	switch {
	case refs.File != "":
		*s = Secret{formFile, d.absolute(refs.File)}
	case refs.Env != "" && !strings.ContainsAny(refs.Env, "=\x00"):
		*s = Secret{formEnv, refs.Env}
	case refs.Credential != "" && filepath.Base(refs.Credential) == refs.Credential:
		*s = Secret{formCredential, refs.Credential}
	default:
		d.problem(markOf(n), path, secretHint, "names no place to read the secret from")
	}
}

// absolute resolves a path of the configuration; an empty one stays empty.
func (d *decoder) absolute(path string) string {
	if path == "" || filepath.IsAbs(path) {
		return path
	}
	return filepath.Join(d.dir, path)
}
