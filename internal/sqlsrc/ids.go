package sqlsrc

import (
	"fmt"
	"strconv"
	"strings"

	"syncagent/internal/mapping"
	"syncagent/internal/reconcile"
)

// canonicalID gives the stable ID of a value of the ID column, and whether it
// is a UUID. The error says why the value is no ID.
func (d dialect) canonicalID(value any, databaseType string) (id reconcile.StableID, uuid bool, err error) {
	switch v := value.(type) {
	case nil:
		return "", false, fmt.Errorf("%w (NULL)", mapping.ErrIDEmpty)
	case int64:
		return reconcile.StableID(strconv.FormatInt(v, 10)), false, nil
	case uint64:
		return reconcile.StableID(strconv.FormatUint(v, 10)), false, nil
	case string:
		return textID(v)
	case []byte:
		if !d.binary(databaseType) {
			return textID(string(v))
		}
		return d.binaryID(v, databaseType)
	}
	return "", false, fmt.Errorf("%w: values of type %s cannot be stable IDs", mapping.ErrIDForm, typeName(databaseType, value))
}

func typeName(databaseType string, value any) string {
	if databaseType != "" {
		return databaseType
	}
	return fmt.Sprintf("%T", value)
}

// textID takes text unchanged, except that a UUID is lower-cased if it was all
// upper-case. A UUID in mixed case keeps its spelling: a look-up must be able
// to ask for it as the column has it.
func textID(text string) (reconcile.StableID, bool, error) {
	if canonical, ok := mapping.CanonicalUUID(text); ok {
		if text == canonical || text == strings.ToUpper(canonical) {
			return reconcile.StableID(canonical), true, nil
		}
	}
	id, err := mapping.TextID(text)
	return id, false, err
}

func (d dialect) binaryID(b []byte, databaseType string) (reconcile.StableID, bool, error) {
	if len(b) == 0 {
		return "", false, mapping.ErrIDEmpty
	}
	if strings.EqualFold(databaseType, "UNIQUEIDENTIFIER") {
		text, err := mapping.GUIDText(b)
		return reconcile.StableID(text), true, err
	}
	if len(b) == 16 && d.uuidBytes(databaseType) {
		text, err := mapping.UUIDText(b)
		return reconcile.StableID(text), true, err
	}
	id, err := mapping.TextID(mapping.Hex(b))
	return id, false, err
}

func isCanonicalUUID(id string) bool {
	canonical, ok := mapping.CanonicalUUID(id)
	return ok && canonical == id
}

// idParams gives the parameter values that may stand for the ID in a column of
// the type; each has to be tried. None: no value of the column can be this ID.
func (d dialect) idParams(id reconcile.StableID, databaseType string) []any {
	if _, err := mapping.TextID(string(id)); err != nil {
		return nil
	}
	return d.idForms(string(id), databaseType)
}
