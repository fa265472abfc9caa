package ldapsrc

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/go-ldap/ldap/v3"

	"syncagent/internal/mapping"
)

// Status is how one check of Probe ended.
type Status string

// The statuses.
const (
	StatusOK      Status = "ok"
	StatusWarning Status = "warning"
	StatusFailure Status = "failure"
)

// Check is one line of what Probe found on one server.
type Check struct {
	Server  string
	Name    string
	Status  Status
	Message string
	Hint    string
}

// Probe looks at every server for "doctor": can it be reached and logged in to,
// what is it, which ID attribute does it give, is each base there, does an
// entry show what the mapping reads, can single identities be looked up. It
// changes nothing, reads a few entries at most, and goes on after a failure;
// only a wrong password is not tried on the other servers. The error is that of
// ctx.
func (s *Source) Probe(ctx context.Context) ([]Check, error) {
	var checks []Check
	for _, srv := range s.servers {
		p := &probe{source: s, server: srv}
		err := p.run(ctx)
		checks = append(checks, p.checks...)
		if ctx.Err() != nil {
			return checks, ctx.Err()
		}
		if err != nil && !mayTryNext(err) {
			break
		}
	}
	return checks, nil
}

type probe struct {
	source *Source
	server server
	checks []Check
}

func (p *probe) add(name string, status Status, hint, format string, args ...any) {
	p.checks = append(p.checks, Check{p.server.url, name, status, fmt.Sprintf(format, args...), hint})
}

func (p *probe) fail(name string, err error) {
	a := adviceFor(err)
	p.add(name, StatusFailure, a.hint, "%s", err)
}

func (p *probe) run(ctx context.Context) error {
	c, err := p.source.connect(ctx, p.server)
	if err != nil {
		p.fail("connection", err)
		return err
	}
	defer c.close()
	p.security()
	p.product(c)
	rule, ok := p.id(ctx, c)
	if !ok {
		return nil
	}
	for _, base := range p.source.opts.Bases {
		p.base(ctx, c, rule, base)
	}
	p.lookup(&c.root)
	p.age(ctx, c)
	return nil
}

func (p *probe) security() {
	o := &p.source.opts
	encrypted := p.server.tls || o.StartTLS && p.server.network == "tcp"
	switch {
	case o.TLS.InsecureSkipVerify && encrypted:
		p.add("connection", StatusWarning, "Set tls.ca_file and remove tls.insecure_skip_verify.", "encrypted, but the server is not verified: anybody in between can read the password and send a false directory")
	case !encrypted && !p.server.local:
		p.add("connection", StatusWarning, "Use ldaps:// or start_tls: true.", "not encrypted: anybody in between can read and change what is sent")
	default:
		p.add("connection", StatusOK, "", "connected and logged in%s", p.as())
	}
}

func (p *probe) as() string {
	switch {
	case p.source.opts.Bind.SASLExternal:
		return " (SASL EXTERNAL)"
	case p.source.opts.Bind.DN != "":
		return " as " + p.source.opts.Bind.DN
	}
	return " as anonymous"
}

func (p *probe) product(c *conn) {
	switch {
	case !c.root.read:
		p.add("rootDSE", StatusWarning, "Let the bind account read the rootDSE; without it, set map.id and lookup_base.", "the server hides what it is")
	case c.root.lacksPaging():
		p.add("rootDSE", StatusWarning, "Make sure that the bind account has no size limit.", "the server cannot give entries page by page; all come in one answer")
	default:
		vendor := c.root.vendor()
		if vendor == "" {
			vendor = "a server that does not tell its maker"
		}
		p.add("rootDSE", StatusOK, "", "%s, naming contexts: %s", vendor, printable(strings.Join(c.root.contexts, "; ")))
	}
}

func (p *probe) id(ctx context.Context, c *conn) (idRule, bool) {
	rule, err := p.source.idRuleFor(ctx, c)
	if err != nil {
		p.fail("stable ID", err)
		return rule, false
	}
	chosen := "as configured"
	if p.source.opts.ID == Auto {
		chosen = "chosen automatically"
		if p.source.opts.KeepID != "" {
			chosen = "as chosen before"
			if now, err := p.source.chooseID(ctx, c); err == nil && !strings.EqualFold(now.attribute, rule.attribute) {
				p.add("stable ID", StatusWarning, "If the directory was replaced, use syncagent relink.", "%s was chosen before, but this server would give %s", rule.attribute, now.attribute)
				return rule, true
			}
		}
	}
	if rule.reusable() && !p.source.opts.Map.IDNeverReused {
		p.add("stable ID", StatusWarning, "Prefer an attribute that the directory makes, such as entryUUID or objectGUID, or map same_person.", "%s (%s): the directory might give such a value to somebody else later", rule.attribute, chosen)
		return rule, true
	}
	p.add("stable ID", StatusOK, "", "%s (%s)", rule.attribute, chosen)
	return rule, true
}

// base reads a few entries the way the snapshot does.
func (p *probe) base(ctx context.Context, c *conn, rule idRule, base string) {
	s := p.source
	name := "base " + base
	q := query{base: base, scope: s.scope(), filter: s.opts.Filter, attributes: s.attributes(rule)}
	if !c.root.lacksPaging() {
		q.paging = &paging{size: min(20, s.opts.PageSize)}
	} else {
		q = query{base: base, scope: ldap.ScopeBaseObject, filter: anyEntry, attributes: []string{noAttributes}}
	}
	answer, err := c.search(ctx, q)
	switch {
	case err != nil:
		p.fail(name, err)
		return
	case q.paging != nil && answer.paging == nil:
		p.add(name, StatusFailure, "Check the server's settings for the paged results control.", "the server ignores paging")
		return
	case len(answer.referrals) > 0 && s.opts.Referrals != ReferralsIgnore:
		p.add(name, StatusFailure, "Choose a smaller base, or set referrals: ignore if your users are not there.", "the server refers to %s", printable(answer.referrals[0]))
		return
	case q.paging == nil:
		p.add(name, StatusOK, "", "is there")
		return
	case len(answer.entries) == 0:
		p.add(name, StatusWarning, "Check filter and permissions. "+s.firstCommand(), "no entry matches the filter")
		return
	}
	p.sample(name, rule, answer.entries)
}

// sample looks at what a few entries show.
func (p *probe) sample(name string, rule idRule, entries []entry) {
	var unnamed, noID int
	missing := map[string]bool{}
	for _, attribute := range p.source.mapper.Attributes() {
		missing[attribute] = true
	}
	var warnings mapping.Tally
	for i := range entries {
		e := &entries[i]
		id, err := rule.read(e)
		if err != nil {
			noID++
		}
		mapped, remarks := p.source.mapEntry(id, e)
		warnings.Add(printable(e.dn), remarks)
		if len(mapped.Names) == 0 {
			unnamed++
		}
		for attribute := range missing {
			if len(e.raw(attribute)) > 0 {
				delete(missing, attribute)
			}
		}
	}
	n := len(entries)
	switch {
	case noID > 0:
		p.add(name, StatusFailure, "Let the bind account read "+rule.attribute+" on every entry.", "%d of the first %d entries show no usable %s", noID, n, rule.attribute)
	case unnamed > 0:
		p.add(name, StatusWarning, "Check map.name and the permission to read its attributes.", "%d of the first %d entries give no name", unnamed, n)
	default:
		p.add(name, StatusOK, "", "the first %d entries have a stable ID and a name", n)
	}
	for _, attribute := range sortedNames(missing) {
		p.add(name, StatusWarning, "Check the spelling, and the permission to read it.", "none of the first %d entries has %s", n, attribute)
	}
	for _, w := range warnings.Reasons() {
		p.add(name, StatusWarning, w.Hint, "%s", w.Message)
	}
}

func sortedNames(set map[string]bool) []string {
	names := make([]string, 0, len(set))
	for name := range set {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

func (p *probe) lookup(root *rootDSE) {
	bases, err := p.source.lookupBases(root)
	if err != nil {
		p.add("look-ups", StatusWarning, "Without look-ups nothing is ever deleted. Set lookup_base.", "%s", err)
		return
	}
	p.add("look-ups", StatusOK, "", "below %s", strings.Join(bases, "; "))
}

func (p *probe) age(ctx context.Context, c *conn) {
	positions, _, err := c.positions(ctx, p.source.opts.Bases)
	switch {
	case err != nil && !errors.Is(err, context.Canceled):
		p.fail("age of the data", err)
	case len(positions) == 0:
		p.add("age of the data", StatusWarning, "OpenLDAP: let the bind account read contextCSN of the suffix, and use the syncprov overlay.", "the server does not tell how old its data are, so a lagging replica cannot be recognised")
	default:
		p.add("age of the data", StatusOK, "", "known (%d change marks)", len(positions))
	}
}
