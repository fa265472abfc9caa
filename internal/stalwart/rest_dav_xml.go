package stalwart

import "strings"

// multistatus is the answer to PROPFIND (RFC 4918, 14.16) as far as it is used.
type multistatus struct {
	Responses []davResponse `xml:"DAV: response"`
}

type davResponse struct {
	Href   string `xml:"DAV: href"`
	Status string `xml:"DAV: status"`
	Stats  []struct {
		Prop   davProperties `xml:"DAV: prop"`
		Status string        `xml:"DAV: status"`
	} `xml:"DAV: propstat"`
}

type davProperties struct {
	ETag   string `xml:"DAV: getetag"`
	Length string `xml:"DAV: getcontentlength"`
	Type   struct {
		Collection *struct{} `xml:"DAV: collection"`
	} `xml:"DAV: resourcetype"`
}

// ok gives the properties that the resource has; nil if its status is an error.
// A folder may have none of those that were asked for.
func (r davResponse) ok() *davProperties {
	if r.Status != "" && !strings.Contains(r.Status, " 200 ") {
		return nil
	}
	for i := range r.Stats {
		if strings.Contains(r.Stats[i].Status, " 200 ") {
			return &r.Stats[i].Prop
		}
	}
	if strings.HasSuffix(r.Href, "/") {
		return &davProperties{}
	}
	return nil
}

func (r davResponse) status() string {
	if r.Status != "" {
		return r.Status
	}
	for _, s := range r.Stats {
		return s.Status
	}
	return "none"
}
