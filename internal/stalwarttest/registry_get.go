package stalwarttest

// getter gives the objects of one type to getObjects.
type getter struct {
	all  func() []uint64                // all ids, for ids:null
	one  func(id uint64) map[string]any // nil = not found
	miss func() []uint64                // ids that ids:null reports as notFound (a quirk of credentials)
}

// getObjects is the standard /get of registry objects. ids:null silently stops at the limit, more ids than the limit
// are refused, unparsable ids come first in notFound, an id given twice is answered twice.
func (c *call) getObjects(g getter) (any, *methodError) {
	var ids []string
	if fail := c.decode("ids", &ids); fail != nil {
		return nil, fail
	}
	properties, fail := c.properties()
	if fail != nil {
		return nil, fail
	}
	list, notFound := []any{}, []string{}
	var wanted []uint64
	if ids == nil {
		wanted = g.all()
		wanted = wanted[:min(len(wanted), c.s.opt.MaxObjects)]
		if g.miss != nil {
			for _, id := range g.miss() {
				notFound = append(notFound, FormatID(id))
			}
		}
	}
	if len(ids) > c.s.opt.MaxObjects {
		return nil, errTooLarge
	}
	for _, text := range ids {
		if id, ok := ParseID(text); ok {
			wanted = append(wanted, id)
		} else {
			notFound = append(notFound, text)
		}
	}
	for _, id := range wanted {
		if full := g.one(id); full != nil {
			list = append(list, project(full, properties))
		} else {
			notFound = append(notFound, FormatID(id))
		}
	}
	return map[string]any{"accountId": FormatID(c.account), "list": list, "notFound": notFound}, nil
}

// getSingleton answers /get of a singleton, whose id is "singleton".
func (c *call) getSingleton(full map[string]any) (any, *methodError) {
	var ids []string
	if fail := c.decode("ids", &ids); fail != nil {
		return nil, fail
	}
	properties, fail := c.properties()
	if fail != nil {
		return nil, fail
	}
	full["id"] = "singleton"
	list, notFound := []any{}, []string{}
	if ids == nil {
		ids = []string{"singleton"}
	}
	for _, id := range ids {
		if id == "singleton" {
			list = append(list, project(full, properties))
		} else {
			notFound = append(notFound, id)
		}
	}
	return map[string]any{"accountId": FormatID(c.account), "list": list, "notFound": notFound}, nil
}

// properties reads the argument; nil means all.
func (c *call) properties() ([]string, *methodError) {
	var properties []string
	fail := c.decode("properties", &properties)
	return properties, fail
}

// project keeps the named properties; id is always there, unknown ones are left out silently.
func project(full map[string]any, properties []string) map[string]any {
	if properties == nil {
		return full
	}
	out := map[string]any{"id": full["id"]}
	for _, name := range properties {
		if value, found := full[name]; found {
			out[name] = value
		}
	}
	return out
}
