package stalwart

import "strings"

// unknownVersion is told for a schema that is not in the table.
const unknownVersion = "0.16+"

// schemaVersions maps the hash of the registry schema (base64url of the SHA-256
// of schema.json.gz, http/src/api/mod.rs) to the releases that carry it. It is
// for people; nothing behaves by it.
var schemaVersions = map[string]string{
	"aJJKvnpsjjwAEzJ0eKDWdfSLK_RvBKsLhk8BwCq-7qA": "0.16.0",
	"_pIIRU33XTKDaP9kLFoPsYXayXbaRi79QFBUrdgixCY": "0.16.1",
	"BzNqAzrQXuc-FYcvnkey9hBXkjMDd9HrgWlyb4S9I7E": "0.16.2 or 0.16.3",
	"2-nY_zZI8RUaBuk0LUqvnkfBeJgPdViYvXF3xHDF7cI": "0.16.4 or 0.16.5",
	"nGrZtt6AUdU1bcCirQQzKiHbnluseipQ1zi4wqAu0AY": "0.16.6 to 0.16.8",
	"-bCNRlw73NjcmJBDrWwU7hhuRX8FL4IZLWsQ_-iZh0o": "0.16.9",
	"wtAcis1aWGGJNdxRmc-Mibt95tE_ulNQWxYULQ7a094": "0.16.10",
	"nvdIm9lmWr6eYd0LhUUTOCKQrZ6EP2w7aPmfNXw7qzI": "0.16.11",
	"lV3eX4039eN4Y1KtcoXv5vnm6_-nGt_bHuLB6jlkFZQ": "0.16.12",
	"sEuYGmxMEGuoMkdYNGUNw9kpFzscVRfeSRk44yRmcU8": "0.16.13",
	"qQQwt8D3vhw4vce7JomKDhDe2qHJF57xVqRrzVNvfoQ": "0.16.14",
	"MjKRgWQ7QGv43RPM0RInQz5vWEbl8tEbG7GbfVQ-hJg": "0.16.15",
	"qrkHgLr93kiURU26l8rguSd0PEsyxYI-FWo9nC3v_0Y": "0.16.16",
	"ST4-Htw_Qs0PG8gso3aBbpFcHQs1HSLULWG7iBAOz80": "0.16.17",
	"25gnm1_xB9bPk-puX9VTFMP1W5V-1muUWuK964-_uEw": "0.16.18",
}

// leakyVersions had a hole through which scoped API keys could gain rights; it
// was closed in 0.16.15.
var leakyVersions = map[string]bool{
	"0.16.0": true, "0.16.1": true, "0.16.2 or 0.16.3": true, "0.16.4 or 0.16.5": true, "0.16.6 to 0.16.8": true,
	"0.16.9": true, "0.16.10": true, "0.16.11": true, "0.16.12": true, "0.16.13": true, "0.16.14": true,
}

// versionOf tells the release from the Location that /api/schema redirects to.
func versionOf(location string) string {
	hash := location[strings.LastIndexByte(location, '/')+1:]
	if v, ok := schemaVersions[hash]; ok {
		return v
	}
	return unknownVersion
}
