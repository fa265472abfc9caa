package stalwarttest

import "encoding/json"

var actionTypes = []string{"InvalidateCaches", "InvalidateNegativeCaches", "ReloadSettings", "ReloadBlockedIps"}

func (c *call) actionSet() (any, *methodError) {
	return c.setObjects(setter{object: "Action", create: c.actionCreate})
}

func (c *call) actionCreate(_ string, value json.RawMessage) (created, fail map[string]any) {
	var in struct {
		Type string `json:"@type"`
	}
	if json.Unmarshal(value, &in) != nil || !contains(actionTypes, in.Type) {
		return nil, invalidValue("@type")
	}
	if !c.who.may("action" + in.Type) {
		return nil, map[string]any{
			"type":        "forbidden",
			"description": "Insufficient permissions to perform action of type " + in.Type,
		}
	}
	switch in.Type {
	case "InvalidateCaches":
		clear(c.s.headers)
		c.s.log.invalidations++
	case "ReloadBlockedIps":
		clear(c.s.limits.banned)
	}
	c.s.nextTask++
	return map[string]any{"id": FormatID(0x1bfc1700 + c.s.nextTask)}, nil
}
