package stalwarttest

import "maps"

func (c *call) vacationSet() (any, *methodError) {
	a, fail := c.living()
	if fail != nil {
		return nil, fail
	}
	var update map[string]map[string]any
	if fail := c.decode("update", &update); fail != nil {
		return nil, fail
	}
	if fail := c.writePermissions("jmapVacationResponse", 0, len(update), 0); fail != nil {
		return nil, fail
	}
	result := &setResult{body: map[string]any{"accountId": FormatID(c.account), "oldState": a.store.state()}}
	for _, id := range sortedNames(update) {
		if id != "singleton" {
			result.put("notUpdated", id, notFound())
			continue
		}
		full := a.store.vacationJSON()
		maps.Copy(full, update[id])
		a.store.vacation = full
		a.store.changes++
		c.record("VacationResponse", "update", id, nil, nil)
		result.put("updated", id, nil)
	}
	result.body["newState"] = a.store.state()
	return result.body, nil
}
