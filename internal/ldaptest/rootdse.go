package ldaptest

// rootDSE gives what the server tells about itself; false if it hides it.
func (s *Server) rootDSE() ([]attr, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	attrs := []attr{
		{"namingContexts", []string{Suffix}},
		{"objectClass", []string{"top"}},
		{"supportedLDAPVersion", []string{"3"}},
	}
	controls := []string{"2.16.840.1.113730.3.4.2"}
	if !s.opts.NoPaging {
		controls = append(controls, oidPaging)
	}
	attrs = append(attrs, attr{"supportedControl", controls})
	if s.opts.TLS != nil {
		attrs = append(attrs, attr{"supportedExtension", []string{startTLSOID}})
	}
	switch s.opts.Vendor {
	case OpenLDAP:
		attrs[1].values = []string{"top", "OpenLDAProotDSE"}
	case ActiveDirectory:
		attrs[0].values = []string{Suffix, "CN=Configuration," + Suffix, "DC=DomainDnsZones," + Suffix}
		attrs = append(attrs,
			attr{"supportedCapabilities", []string{"1.2.840.113556.1.4.800", "1.2.840.113556.1.4.1670"}},
			attr{"defaultNamingContext", []string{Suffix}},
			attr{"dsServiceName", []string{dsServiceName}},
			attr{"highestCommittedUSN", []string{s.opts.CSN}})
	case DS389:
		attrs = append(attrs, attr{"vendorName", []string{"389 Project"}}, attr{"vendorVersion", []string{"389-Directory/2.3.1 B2023.001.0000"}})
	case EDirectory:
		attrs = append(attrs, attr{"vendorName", []string{"NetIQ Corporation"}}, attr{"vendorVersion", []string{"LDAP Agent for NetIQ eDirectory 9.2"}})
	case Unknown:
	case Silent:
		return nil, false
	}
	return attrs, true
}

// dsServiceName is where Active Directory keeps the invocation ID.
const dsServiceName = "CN=NTDS Settings,CN=DC1,CN=Servers,CN=Configuration," + Suffix
