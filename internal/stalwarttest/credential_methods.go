package stalwarttest

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

// credentialKind gives the type that an x:AppPassword or x:ApiKey call is about.
func (c *call) credentialKind() string {
	kind, _, _ := strings.Cut(strings.TrimPrefix(c.name, "x:"), "/")
	return kind
}

// ownCredentials gives those of the addressed account that are of the kind of the call.
func (c *call) ownCredentials() (kind []credential, others []uint64) {
	a := c.s.accounts[c.account]
	if a == nil {
		return nil, nil
	}
	for _, cr := range a.credentials {
		if cr.kind == c.credentialKind() {
			kind = append(kind, cr)
		} else {
			others = append(others, cr.id)
		}
	}
	return kind, others
}

func (c *call) credentialGet() (any, *methodError) {
	own, others := c.ownCredentials()
	return c.getObjects(getter{
		all: func() []uint64 {
			var ids []uint64
			for _, cr := range own {
				ids = append(ids, cr.id)
			}
			return ids
		},
		miss: func() []uint64 { return others },
		one: func(id uint64) map[string]any {
			for _, cr := range own {
				if cr.id == id {
					return cr.json()
				}
			}
			return nil
		},
	})
}

func (c *call) credentialQuery() (any, *methodError) {
	own, _ := c.ownCredentials()
	var rows []row
	for _, cr := range own {
		rows = append(rows, row{id: cr.id, values: func(string) []string { return nil }})
	}
	return c.queryObjects(rows, schema{})
}

func (c *call) credentialSet() (any, *methodError) {
	return c.setObjects(setter{object: c.credentialKind(), create: c.credentialCreate, destroy: c.credentialDestroy})
}

func (c *call) credentialDestroy(id uint64) map[string]any {
	a := c.s.accounts[c.account]
	if a == nil {
		return notFound()
	}
	i := slices.IndexFunc(a.credentials, func(cr credential) bool { return cr.id == id && cr.kind == c.credentialKind() })
	if i < 0 {
		return notFound()
	}
	changed := a.clone()
	changed.credentials = slices.Delete(changed.credentials, i, i+1)
	changed.dropTokens()
	c.s.dropSecrets(a, changed)
	*a = *changed
	return nil
}

// maxCredentials is the default of maxAppPasswords and maxApiKeys.
const maxCredentials = 5

func (c *call) credentialCreate(_ string, value json.RawMessage) (created, fail map[string]any) {
	a, kind := c.s.accounts[c.account], c.credentialKind()
	if a == nil {
		return nil, notFound()
	}
	var in struct {
		Description string
		Permissions struct {
			Type        string `json:"@type"`
			Permissions json.RawMessage
		}
	}
	if json.Unmarshal(value, &in) != nil {
		return nil, invalidValue("permissions")
	}
	cr := credential{
		kind: kind, description: in.Description, created: c.s.now(),
		permissions: keyPermissions{kind: in.Permissions.Type},
	}
	if in.Permissions.Permissions != nil {
		names, ok := setItems(in.Permissions.Permissions)
		if !ok {
			return nil, invalidValue("permissions")
		}
		cr.permissions.names = names
	}
	if own, _ := c.ownCredentials(); len(own) >= maxCredentials {
		noun := map[string]string{"ApiKey": "API keys", "AppPassword": "app passwords"}[kind]
		return nil, map[string]any{
			"type":        "overQuota",
			"description": fmt.Sprintf("You have exceeded your quota of %d %s.", maxCredentials, noun),
		}
	}
	if cr.permissions.kind == "Replace" {
		lacking := slices.DeleteFunc(slices.Clone(cr.permissions.names), func(name string) bool {
			return a.may(name) && c.who.may(name)
		})
		if len(lacking) > 0 {
			return nil, grantRefusal(lacking)
		}
	}
	cr.secret = c.s.secret(map[string]string{"ApiKey": "API_", "AppPassword": "app_"}[kind])
	cr = a.addCredential(cr)
	if kind == "ApiKey" {
		c.s.tokens[cr.secret] = tokenRef{account: a.id, credential: cr.id}
	}
	a.dropTokens()
	return map[string]any{"id": FormatID(cr.id), "secret": cr.secret}, nil
}
