package sqlsrc

import (
	"context"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"syncagent/internal/mapping"
	"syncagent/internal/reconcile"
)

// maxHolders bounds how many holders an answer lists.
const maxHolders = 50

// termsPerStatement bounds the parameters of one statement.
const termsPerStatement = 100

// foldText is the form in which names and addresses are compared.
func foldText(s string) string { return strings.ToLower(strings.TrimSpace(s)) }

// identity is a search for names and addresses. Both share one space, so each
// is searched in the columns of names and in those of addresses.
type identity struct {
	*question
	wanted map[string]bool
	// terms are searches in columns of the query, inBook those in sql.addresses.
	terms, inBook []mapping.Term
	holders       []reconcile.Entry
	// provenQuery and provenBook tell that the same statements found the control.
	provenQuery, provenBook bool
}

func (q *question) answerIdentity(ctx context.Context) error {
	s := &identity{question: q, wanted: map[string]bool{}}
	for _, text := range slices.Concat(q.request.Names, q.request.Addresses) {
		if !searchable(text) {
			q.unknown("a name or address is empty or holds characters that cannot be searched")
			continue
		}
		s.want(foldText(text))
	}
	if err := s.searchQuery(ctx); err != nil {
		return err
	}
	if err := s.searchBook(ctx); err != nil {
		return err
	}
	switch {
	case len(s.holders) > 0:
		q.result.Identity, q.result.Holders = reconcile.PresenceFound, s.holders
	case s.partly():
		// The reason is there already.
	case q.control == nil:
		q.unknown("the query does not find a person who was in the last snapshot")
	case !s.provenQuery:
		q.unknown("the search by name does not find a person who was in the last snapshot")
	case !s.provenBook:
		q.unknown("sql.addresses gives no address at all, so nothing can be told from it")
	default:
		q.result.Identity = reconcile.PresenceAbsent
	}
	return nil
}

// partly tells that not everything that was asked could be searched.
func (s *identity) partly() bool {
	return slices.ContainsFunc(slices.Concat(s.request.Names, s.request.Addresses), func(t string) bool { return !searchable(t) })
}

func searchable(text string) bool {
	return strings.TrimSpace(text) != "" && utf8.ValidString(text) && !strings.ContainsFunc(text, unicode.IsControl)
}

func (s *identity) want(key string) {
	if s.wanted[key] {
		return
	}
	s.wanted[key] = true
	for _, t := range slices.Concat(s.source.mapper.NameTerms(key), s.source.mapper.AddressTerms(key)) {
		if t.Attribute == addressesAttribute {
			s.inBook = append(s.inBook, t)
		} else {
			s.terms = append(s.terms, t)
		}
	}
}

// controlTerms are searches that must find the control.
func (s *identity) controlTerms() []mapping.Term {
	if s.control == nil {
		return nil
	}
	if len(s.control.Names) > 0 {
		return s.source.mapper.NameTerms(s.control.Names[0])
	}
	for _, a := range s.control.Addresses {
		terms := slices.DeleteFunc(s.source.mapper.AddressTerms(a), func(t mapping.Term) bool { return t.Attribute == addressesAttribute })
		if len(terms) > 0 {
			return terms
		}
	}
	return nil
}

// searchQuery puts a condition around the query. The search for the control is
// part of the same statement. Where the database cannot be trusted to compare
// as we do (letters beyond ASCII) or cannot put the query in FROM, all rows are
// read and compared here.
func (s *identity) searchQuery(ctx context.Context) error {
	control := s.controlTerms()
	if !s.source.dialect.canWrap(s.source.opts.Query) || !allASCII(s.terms) || !allASCII(control) {
		found, err := s.hits(ctx, statement{key: "query", text: s.source.opts.Query})
		s.provenQuery = found
		return err
	}
	s.provenQuery = len(control) > 0
	for chunk := range slices.Chunk(append([]mapping.Term{}, s.terms...), termsPerStatement) {
		if err := s.searchTerms(ctx, slices.Concat(chunk, control)); err != nil {
			return err
		}
	}
	if len(s.terms) == 0 && len(control) > 0 {
		return s.searchTerms(ctx, control)
	}
	return nil
}

func (s *identity) searchTerms(ctx context.Context, terms []mapping.Term) error {
	d := s.source.dialect
	values := map[int][]string{}
	var columns []int
	for _, t := range terms {
		i, ok := s.query.index[foldName(t.Attribute)]
		if !ok {
			continue
		}
		if values[i] == nil {
			columns = append(columns, i)
		}
		if !slices.Contains(values[i], t.Value) {
			values[i] = append(values[i], t.Value)
		}
	}
	st := statement{key: "query"}
	var conditions []string
	for _, i := range columns {
		var holes []string
		for _, v := range values[i] {
			st.args = append(st.args, v)
			holes = append(holes, d.placeholder(len(st.args)))
		}
		conditions = append(conditions, d.fold("q."+d.quote(s.query.names[i]), !s.target.narrow)+" IN ("+strings.Join(holes, ", ")+")")
	}
	st.text = "SELECT * " + from(s.source.opts.Query) + " WHERE " + strings.Join(conditions, " OR ")
	found, err := s.hits(ctx, st)
	s.provenQuery = s.provenQuery && found
	return err
}

// hits keeps the entries of a statement that bear what is wanted, and tells
// whether the control is among the rows.
func (s *identity) hits(ctx context.Context, st statement) (control bool, err error) {
	err = s.entries(ctx, st, func(e reconcile.Entry) error {
		control = control || s.control != nil && e.ID == s.control.ID
		for _, text := range slices.Concat(e.Names, e.NamesAlso, e.Addresses) {
			if s.wanted[foldText(text)] {
				s.hold(e)
				break
			}
		}
		return nil
	})
	return control, err
}

func (s *identity) hold(e reconcile.Entry) {
	if s.result.Leaver && e.ID == s.request.ID {
		return // the leaver's own row
	}
	known := slices.ContainsFunc(s.holders, func(h reconcile.Entry) bool { return h.ID == e.ID && e.ID != "" })
	if !known && len(s.holders) < maxHolders {
		s.holders = append(s.holders, e)
	}
}

func allASCII(terms []mapping.Term) bool {
	for _, t := range terms {
		for i := range len(t.Value) {
			if t.Value[i] >= utf8.RuneSelf {
				return false
			}
		}
	}
	return true
}
