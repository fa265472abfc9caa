package config

import (
	"io"
	"strings"

	"filippo.io/age"
)

// recipients checks the keys that archives are encrypted to. What is not a
// public key is not repeated: it may be the secret one.
func (c *policyCheck) recipients(list Texts) {
	const key = "export.encrypt_to"
	path := c.path + "." + key
	if !c.general && !c.v.isSet(path) {
		return
	}
	var all []age.Recipient
	for i, text := range list {
		at := c.v.itemPath(path, i)
		one, err := age.ParseRecipients(strings.NewReader(text))
		switch {
		case strings.HasPrefix(strings.ToUpper(strings.TrimSpace(text)), "AGE-SECRET-KEY-"):
			c.v.refuse(at, "put the public key (age1…) here and the secret one where the agent cannot read it; make a new pair if "+
				"this file was already shared", "is a secret key")
			return
		case err != nil || len(one) != 1 || strings.TrimSpace(text) != text:
			c.v.refuse(at, "a public key as age-keygen prints it: age1… (age-keygen -y FILE prints that of a secret key)",
				"is not an age recipient")
			return
		}
		all = append(all, one[0])
	}
	if len(all) == 0 {
		return
	}
	if _, err := age.Encrypt(io.Discard, all...); err != nil {
		c.v.refuse(path, "take only age1pq… keys, or none of them", "these recipients cannot be used together")
	}
}
