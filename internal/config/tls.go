package config

import (
	"os"
	"path/filepath"
	"strings"

	yaml "go.yaml.in/yaml/v4"
)

// TLS is how a TLS connection is checked and made. The zero value checks
// against the system's certificate authorities.
type TLS struct {
	CAFile             string     `yaml:"ca_file"`
	ClientCert         string     `yaml:"client_cert"`
	ClientKey          PrivateKey `yaml:"client_key"`
	ServerName         string     `yaml:"server_name"`
	InsecureSkipVerify bool       `yaml:"insecure_skip_verify"`
}

// PrivateKey is the file of a private key: a path, or a secret that is a file.
type PrivateKey struct{ Secret }

// Path gives the file of the key, "" if none is configured. A file that
// everybody may read is refused (*SecretError).
func (k PrivateKey) Path() (string, error) {
	path := k.ref
	switch k.form {
	case formFile:
	case formCredential:
		dir, err := credentialsDirectory(k.ref)
		if err != nil {
			return "", err
		}
		path = filepath.Join(dir, k.ref)
	default:
		return "", nil
	}
	info, err := os.Stat(path)
	if err != nil {
		return "", secretFileError(path, err)
	}
	return path, checkMode(path, info.Mode())
}

func (k *PrivateKey) decodeNode(d *decoder, n *yaml.Node, path string) {
	if n.Kind == yaml.ScalarNode && !isNull(n) && !strings.ContainsAny(n.Value, "\r\n") &&
		!strings.HasPrefix(n.Value, "-----") {
		k.Secret = *FileSecret(d.absolute(n.Value))
		return
	}
	k.Secret.decodeNode(d, n, path)
	if k.form == formEnv {
		d.problem(markOf(n), path, "write the path of the file, or { credential: NAME }", "a private key must be a file")
	}
}
