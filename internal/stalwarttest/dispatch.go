package stalwarttest

import (
	"encoding/json"
	"slices"
	"strings"
)

// call is a method call being executed under the server's lock.
type call struct {
	s       *Server
	who     *token
	name    string
	args    map[string]json.RawMessage
	account uint64   // resolved accountId
	r       *request // for numbering
}

// method tells how to check and run one JMAP method.
type method struct {
	capability string // "" for registry methods, which work whatever `using` says
	permission string // "" = checked by the method itself
	run        func(*call) (any, *methodError)
}

// dispatch runs one method call.
func (s *Server) dispatch(r *request, using []string, in Call, before []answer) []answer {
	m, known := methods[in.Name]
	if known && s.rest != nil && strings.HasPrefix(in.Name, "x:") {
		known = false
	}
	if !known {
		return []answer{(&methodError{"unknownMethod", in.Name}).answer(in.ID)}
	}
	if m.capability != "" && !contains(using, m.capability) {
		return []answer{(&methodError{"unknownMethod", "Method " + in.Name + " requires capability " + m.capability +
			` which is not present in the "using" property.`}).answer(in.ID)}
	}
	args, fail := resolveReferences(in.Args, before)
	if fail != nil {
		return []answer{fail.answer(in.ID)}
	}
	if fail := r.fault.failCall(in.Name); fail != nil {
		return []answer{fail.answer(in.ID)}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	c := &call{s: s, who: r.who, name: in.Name, args: args, r: r}
	body, fail := c.run(m)
	if fail != nil {
		return []answer{fail.answer(in.ID)}
	}
	if several, ok := body.([]answer); ok {
		for i := range several {
			several[i].id = in.ID
		}
		return several
	}
	return []answer{{in.Name, body, in.ID}}
}

func (c *call) run(m method) (any, *methodError) {
	if m.permission != "" && !c.who.may(m.permission) {
		return nil, errNotAllowed
	}
	if fail := c.resolveAccount(strings.HasPrefix(c.name, "x:")); fail != nil {
		return nil, fail
	}
	return m.run(c)
}

// resolveAccount applies the rules for accountId: registry methods take an unparsable one for the caller's own, mail
// methods refuse it; a foreign one needs the permission impersonate and need not exist.
func (c *call) resolveAccount(registry bool) *methodError {
	c.account = c.who.id()
	raw, present := c.args["accountId"]
	if !present || string(raw) == "null" {
		return nil
	}
	var text string
	if json.Unmarshal(raw, &text) != nil {
		return invalidArguments("invalid type for accountId, expected a string")
	}
	id, ok := ParseID(text)
	if !ok {
		if registry {
			return nil
		}
		return &methodError{"accountNotFound", "The accountId does not correspond to a valid account"}
	}
	c.account = id
	if id == c.who.id() || c.who.may("impersonate") || c.who.account != nil && containsID(c.who.account.groups, id) {
		return nil
	}
	if registry {
		return &methodError{"forbidden", "You are not an owner of account " + text}
	}
	if a := c.s.accounts[id]; a != nil && c.who.account != nil && a.store.sharedWith(c.who.account.id) {
		return nil
	}
	return &methodError{"forbidden", "You do not have access to account " + text}
}

func invalidArguments(text string) *methodError { return &methodError{"invalidArguments", text} }

// decode reads an argument into target; absent or null leaves target as it is.
func (c *call) decode(name string, target any) *methodError {
	raw, present := c.args[name]
	if !present || string(raw) == "null" {
		return nil
	}
	if err := json.Unmarshal(raw, target); err != nil {
		return invalidArguments("invalid value of " + name + ": " + err.Error())
	}
	return nil
}

func contains(list []string, item string) bool {
	return slices.Contains(list, item)
}

func containsID(list []uint64, id uint64) bool {
	return slices.Contains(list, id)
}

// registryMethods lists which verbs each registry object has; singletons have no query.
func registryMethods(table map[string]method) {
	add := func(object, verb, permission string, run func(*call) (any, *methodError)) {
		table["x:"+object+"/"+verb] = method{permission: permission, run: run}
	}
	get := func(object string, run func(*call) (any, *methodError)) { add(object, "get", "sys"+object+"Get", run) }
	query := func(object string, run func(*call) (any, *methodError)) {
		add(object, "query", "sys"+object+"Query", run)
	}
	write := func(object string, run func(*call) (any, *methodError)) { add(object, "set", "", run) }

	get("Account", (*call).accountGet)
	query("Account", (*call).accountQuery)
	write("Account", (*call).accountSet)
	get("Domain", (*call).domainGet)
	query("Domain", (*call).domainQuery)
	get("Task", (*call).taskGet)
	query("Task", (*call).taskQuery)
	write("Task", (*call).taskSet)
	write("Action", (*call).actionSet)
	for _, object := range []string{"AppPassword", "ApiKey"} {
		get(object, (*call).credentialGet)
		query(object, (*call).credentialQuery)
		write(object, (*call).credentialSet)
	}
	get("MailingList", (*call).listGet)
	query("MailingList", (*call).listQuery)
	write("MailingList", (*call).listSet)
	get("Authentication", (*call).authenticationGet)
	get("Directory", (*call).directoryGet)
	query("Directory", (*call).directoryQuery)
	get("Role", (*call).roleGet)
	query("Role", (*call).roleQuery)
	get("QueuedMessage", (*call).queueGet)
	query("QueuedMessage", (*call).queueQuery)
}

var methods = func() map[string]method {
	table := map[string]method{}
	registryMethods(table)
	mailMethods(table)
	return table
}()
