package stalwarttest

import (
	"encoding/json"
	"fmt"
	"slices"
)

func (t *task) json() map[string]any {
	status := map[string]any{"@type": t.status, "createdAt": t.created}
	switch t.status {
	case "Retry":
		status["due"], status["attemptNumber"], status["failureReason"] = t.due, 1, t.failing
	case "Failed":
		status["failedAt"], status["failedAttemptNumber"], status["failureReason"] = t.failedAt, 3, t.failing
	default:
		status["due"] = t.due
	}
	out := map[string]any{"id": FormatID(t.id), "@type": t.kind, "status": status, "due": t.due}
	switch t.kind {
	case "DestroyAccount":
		out["accountId"], out["accountName"] = FormatID(t.accountID), t.account.name
		out["accountDomainId"], out["accountType"] = FormatID(t.account.domain), t.account.kind
	case "AccountMaintenance":
		out["accountId"], out["maintenanceType"] = FormatID(t.accountID), t.maintenance
	default:
		out["maintenanceType"], out["shardIndex"] = t.maintenance, nil
		if t.shard != nil {
			out["shardIndex"] = *t.shard
		}
	}
	return out
}

func (c *call) taskGet() (any, *methodError) {
	return c.getObjects(getter{
		all: func() []uint64 {
			ids := make([]uint64, 0, len(c.s.tasks))
			for _, t := range c.s.tasks {
				ids = append(ids, t.id)
			}
			return ids
		},
		one: func(id uint64) map[string]any {
			i := slices.IndexFunc(c.s.tasks, func(t *task) bool { return t.id == id })
			if i < 0 {
				return nil
			}
			return c.s.tasks[i].json()
		},
	})
}

func (c *call) taskQuery() (any, *methodError) {
	rows := make([]row, 0, len(c.s.tasks))
	for _, t := range c.s.tasks {
		rows = append(rows, row{t.id, func(property string) []string {
			switch property {
			case "@type":
				return []string{t.kind}
			case "due":
				return []string{t.due}
			case "status":
				if t.status != "Failed" { // no other value has an effect
					return []string{"Pending", "Retry", ""}
				}
				return []string{"Failed", "Pending", "Retry"}
			}
			return nil
		}})
	}
	return c.queryObjects(rows, schema{filters: []string{"@type", "status", "due"}, sorts: []string{"due"}, slow: true})
}

func (c *call) taskSet() (any, *methodError) {
	return c.setObjects(setter{object: "Task", create: c.taskCreate})
}

var storeMaintenance = []string{
	"reindexAccounts", "reindexTelemetry", "purgeAccounts", "purgeData", "purgeBlob",
	"resetRateLimiters", "resetUserQuotas", "resetTenantQuotas", "resetBlobQuotas", "removeAuthTokens",
	"removeLockQueueMessage", "removeLockTask", "removeLockDav", "removeSieveId", "removeGreylist",
}

var accountMaintenance = []string{"purge", "reindex", "recalculateImapUid", "recalculateQuota"}

func (c *call) taskCreate(_ string, value json.RawMessage) (created, fail map[string]any) {
	var in struct {
		Type            string `json:"@type"`
		MaintenanceType string
		ShardIndex      *int
		AccountID       *string `json:"accountId"`
	}
	if json.Unmarshal(value, &in) != nil {
		return nil, invalidValue("@type")
	}
	switch in.Type {
	case "DestroyAccount":
		return nil, refuseDestroyTask(in.AccountID != nil)
	case "StoreMaintenance", "AccountMaintenance":
	default:
		return nil, invalidValue("@type")
	}
	if !c.who.may("task" + in.Type) {
		return nil, map[string]any{
			"type":        "forbidden",
			"description": "Insufficient permissions to create task of type " + in.Type,
		}
	}
	t := &task{kind: in.Type, maintenance: in.MaintenanceType, shard: in.ShardIndex}
	allowed := storeMaintenance
	if in.Type == "AccountMaintenance" {
		allowed = accountMaintenance
		if in.AccountID == nil {
			return nil, map[string]any{"type": "validationFailed", "validationErrors": []any{
				map[string]any{"type": "Required", "property": "accountId"},
			}}
		}
		id, ok := ParseID(*in.AccountID)
		if !ok {
			return nil, invalidPatch("Failed to parse Id from string", "accountId")
		}
		if c.s.accounts[id] == nil {
			return nil, map[string]any{"type": "invalidForeignKey", "objectId": owner{"Account", id}.json()}
		}
		t.accountID = id
	}
	if !slices.Contains(allowed, in.MaintenanceType) {
		return nil, invalidPatch(fmt.Sprintf("Invalid value Str(%q) for enum type ReindexAccounts.", in.MaintenanceType),
			"maintenanceType")
	}
	return map[string]any{"id": FormatID(c.s.queue(t).id)}, nil
}

func refuseDestroyTask(serverSet bool) map[string]any {
	if serverSet {
		return invalidPatch("Cannot modify server set property", "accountId")
	}
	var required []any
	for _, property := range []string{"accountId", "accountName", "accountDomainId"} {
		required = append(required, map[string]any{"type": "Required", "property": property})
	}
	return map[string]any{"type": "validationFailed", "validationErrors": required}
}
