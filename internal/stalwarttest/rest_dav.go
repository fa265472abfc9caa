package stalwarttest

import (
	"cmp"
	"encoding/xml"
	"fmt"
	"hash/crc32"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// davHomes are the parts of WebDAV since 0.12, with the type of the objects in them.
var davHomes = map[string]string{"cal": "CalendarEvent", "card": "ContactCard", "file": "FileNode"}

// dav serves PROPFIND with depth 1, and GET, for administrators; the owner is a name, or "_" and an id.
func (s *Server) dav(r *request, raw string) response {
	who, refused := s.callerOf(r, true)
	if refused != nil {
		return *refused
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	parts := strings.SplitN(strings.TrimPrefix(raw, "/dav/"), "/", 3)
	if len(parts) < 3 || davHomes[parts[0]] == "" || !s.rest.v.since(12, 0) {
		return pathNotFound()
	}
	owner, err := url.PathUnescape(parts[1])
	row := s.rest.rows[owner]
	if id, numeric := strings.CutPrefix(owner, "_"); numeric {
		row = nil
		for _, have := range s.rest.byID {
			if Decimal(AccountID(FormatID(have.id))) == id {
				row = have
			}
		}
	}
	switch {
	case err != nil || row == nil || row.account == nil:
		return pathNotFound()
	case !who.admin && who.row != row && !who.may("impersonate"):
		return restForbidden()
	}
	tree := s.davTree(row, parts[0])
	if r.http.Method == http.MethodGet {
		for _, n := range tree {
			if n.path == parts[2] && !n.folder {
				return response{http.StatusOK, http.Header{"Content-Type": {n.kind}}, n.data}
			}
		}
		return pathNotFound()
	}
	if r.http.Method != "PROPFIND" || r.http.Header.Get("Depth") != "1" {
		return response{status: http.StatusMethodNotAllowed, header: http.Header{}}
	}
	base := "/dav/" + parts[0] + "/"
	home := base + url.PathEscape(row.name) + "/"
	if !s.knownTo(row.name) {
		home = base + "_" + Decimal(AccountID(FormatID(row.id))) + "/" // what is in it has the name all the same
	}
	return davListing(home, base+url.PathEscape(row.name)+"/", parts[2], tree)
}

// davNode is a resource or a folder; the home itself has the path "".
type davNode struct {
	path, kind, etag string
	folder           bool
	data             []byte
}

func (s *Server) davTree(row *principalRow, home string) []davNode {
	st := &row.account.store
	tree := []davNode{{folder: true}}
	if home == "file" {
		return append(tree, s.davFiles(st)...)
	}
	container := map[string]string{"cal": "Calendar", "card": "AddressBook"}[home]
	c := &call{s: s, account: row.id}
	_, _, _ = c.itemsOf(container) // makes the default one, as the first look does
	for _, box := range st.items[container] {
		folder := davFolder(box) + "/"
		tree = append(tree, davNode{path: folder, folder: true, etag: davTag([]byte(folder))})
		for _, it := range st.items[davHomes[home]] {
			if !containsKey(it.value[strings.ToLower(container[:1])+container[1:]+"Ids"], FormatID(box.id)) {
				continue
			}
			n := davNode{path: folder + "item" + FormatID(it.id), kind: "text/calendar; charset=utf-8", data: davEvent(it.value)}
			if home == "card" {
				n.kind, n.data = "text/vcard; charset=utf-8", davCard(it.value)
			}
			n.etag = davTag(n.data)
			tree = append(tree, n)
		}
	}
	return tree
}

func davFolder(box *item) string {
	if box.value["isDefault"] == true {
		return "default"
	}
	return fmt.Sprintf("folder%d", box.id)
}

func containsKey(value any, key string) bool {
	switch m := value.(type) {
	case map[string]bool:
		return m[key]
	case map[string]any:
		return m[key] == true
	}
	return false
}

func davEvent(value map[string]any) []byte {
	at := strings.NewReplacer("-", "", ":", "").Replace(fmt.Sprint(value["start"]))
	return fmt.Appendf(nil, "BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nDTSTART:%sZ\r\nUID:%v\r\nSUMMARY:%v\r\nDURATION:%v\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n",
		at, value["uid"], value["title"], value["duration"])
}

func davCard(value map[string]any) []byte {
	name, _ := value["name"].(map[string]any)
	uid := ""
	if value["uid"] != nil {
		uid = fmt.Sprintf("UID:%v\r\n", value["uid"])
	}
	return fmt.Appendf(nil, "BEGIN:VCARD\r\nVERSION:4.0\r\n%sFN:%v\r\nEND:VCARD\r\n", uid, name["full"])
}

func (s *Server) davFiles(st *mailStore) []davNode {
	paths := map[string]string{}
	var tree []davNode
	for range 10 { // deep enough for tests
		for _, it := range st.items["FileNode"] {
			id := FormatID(it.id)
			parent, _ := it.value["parentId"].(string)
			above, known := paths[parent]
			if paths[id] != "" || parent != "" && !known {
				continue
			}
			n := davNode{path: above + url.PathEscape(fmt.Sprint(it.value["name"])), folder: it.blob == ""}
			if n.folder {
				n.path += "/"
			} else {
				n.data, _, _ = s.blobs.find(it.blob)
				n.kind = fmt.Sprint(it.value["type"])
			}
			paths[id], n.etag = n.path, davTag(append([]byte(n.path), n.data...))
			tree = append(tree, n)
		}
	}
	return tree
}

func davTag(data []byte) string { return fmt.Sprintf(`"%d"`, crc32.ChecksumIEEE(data)) }

// davListing answers about a folder and what is directly in it.
func davListing(home, base, path string, tree []davNode) response {
	var out strings.Builder
	found := false
	slices.SortFunc(tree, func(a, b davNode) int { return cmp.Compare(b.path, a.path) }) // in no helpful order
	for _, n := range tree {
		rest, below := strings.CutPrefix(n.path, path)
		rest = strings.TrimSuffix(rest, "/")
		if !below || strings.Contains(rest, "/") || n.path == path && !n.folder {
			continue
		}
		found = found || n.path == path
		link := base + n.path
		if n.path == "" {
			link = home
		}
		fmt.Fprintf(&out, "<D:response><D:href>%s</D:href>", davText(link))
		switch {
		case n.path == "":
			davStat(&out, "<D:getetag/><D:getcontentlength/>", "404 Not Found")
		case n.folder:
			davStat(&out, "<D:getetag>"+davText(n.etag)+"</D:getetag>", "200 OK")
			davStat(&out, "<D:getcontentlength/>", "404 Not Found")
		default:
			size := len(n.data)
			if n.kind != "text/plain" && strings.Contains(n.kind, "charset") {
				size -= 9 // the server tells the size of its own form
			}
			davStat(&out, fmt.Sprintf("<D:getetag>%s</D:getetag><D:getcontentlength>%d</D:getcontentlength>", davText(n.etag), size), "200 OK")
		}
		out.WriteString("</D:response>")
	}
	if !found {
		return pathNotFound()
	}
	body := `<?xml version="1.0" encoding="UTF-8"?><D:multistatus xmlns:D="DAV:">` + out.String() + "</D:multistatus>"
	return response{http.StatusMultiStatus, http.Header{"Content-Type": {"application/xml; charset=utf-8"}}, []byte(body)}
}

func davStat(out *strings.Builder, properties, status string) {
	fmt.Fprintf(out, "<D:propstat><D:prop>%s</D:prop><D:status>HTTP/1.1 %s</D:status></D:propstat>", properties, status)
}

func davText(text string) string {
	var out strings.Builder
	_ = xml.EscapeText(&out, []byte(text)) // a builder takes everything
	return strings.ReplaceAll(out.String(), "&#34;", "&quot;")
}
