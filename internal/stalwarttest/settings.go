package stalwarttest

// Ids of the fixed settings objects.
const (
	userRoleID  = 1
	directoryID = 0x4bfc_1600
)

func (c *call) authenticationGet() (any, *methodError) {
	return c.getSingleton(map[string]any{
		"directoryId": FormatID(directoryID), "defaultUserRoleIds": set([]string{FormatID(userRoleID)}),
		"defaultGroupRoleIds": set([]string{"c"}), "defaultTenantRoleIds": set([]string{"d", "b"}),
		"defaultAdminRoleIds": set([]string{"e", "b"}), "passwordHashAlgorithm": "argon2id", "passwordMinLength": 8,
		"passwordMaxLength": 128, "passwordMinStrength": "three", "passwordDefaultExpiry": nil,
		"maxAppPasswords": maxCredentials, "maxApiKeys": maxCredentials,
	})
}

func (c *call) roleGet() (any, *methodError) {
	return c.getObjects(oneObject(userRoleID, map[string]any{
		"description": "User", "memberTenantId": nil,
		"roleIds": map[string]any{}, "enabledPermissions": userPermissions, "disabledPermissions": map[string]any{},
	}))
}

func (c *call) roleQuery() (any, *methodError) { return c.queryOne(userRoleID) }

// directoryGet shows the external directory as the recorded server does: an SQL one, whose secrets would be masked.
func (c *call) directoryGet() (any, *methodError) {
	return c.getObjects(oneObject(directoryID, map[string]any{
		"@type": "Sql", "description": "ext", "memberTenantId": nil,
		"store":       map[string]any{"@type": "Sqlite", "path": "ext.db", "poolWorkers": nil, "poolMaxConnections": 10},
		"columnEmail": "name", "columnSecret": "secret", "columnClass": "type", "columnDescription": "description",
		"queryLogin":        "SELECT name, secret, description, type FROM accounts WHERE name = $1",
		"queryRecipient":    "SELECT name, secret, description, type FROM accounts WHERE name = $1 AND active = true",
		"queryMemberOf":     "SELECT member_of FROM group_members WHERE name = $1",
		"queryEmailAliases": "SELECT address FROM emails WHERE name = $1",
	}))
}

func (c *call) directoryQuery() (any, *methodError) { return c.queryOne(directoryID) }

// oneObject is a getter for a type that has one object here.
func oneObject(id uint64, full map[string]any) getter {
	full["id"] = FormatID(id)
	return getter{all: func() []uint64 { return []uint64{id} }, one: func(asked uint64) map[string]any {
		if asked == id {
			return full
		}
		return nil
	}}
}

func (c *call) queryOne(id uint64) (any, *methodError) {
	return c.queryObjects([]row{{id, func(string) []string { return nil }}}, schema{})
}

// The queue is always empty: mail is delivered, or bounces, at once.
func (c *call) queueGet() (any, *methodError) {
	return c.getObjects(getter{all: func() []uint64 { return nil }, one: func(uint64) map[string]any { return nil }})
}

func (c *call) queueQuery() (any, *methodError) { return c.queryObjects(nil, schema{}) }
