package sqlsrc

import (
	"fmt"
	"math/big"
	"strconv"
	"time"

	"syncagent/internal/mapping"
)

// text gives a column value as the mapping reads it; ok is false for NULL.
func text(value any, databaseType string) (string, bool) {
	switch v := value.(type) {
	case nil:
		return "", false
	case string:
		return v, true
	case []byte:
		return bytesText(v, databaseType), true
	case int64:
		return strconv.FormatInt(v, 10), true
	case uint64:
		return strconv.FormatUint(v, 10), true
	case float64:
		return strconv.FormatFloat(v, 'f', -1, 64), true
	case float32:
		return strconv.FormatFloat(float64(v), 'f', -1, 32), true
	case bool:
		return strconv.FormatBool(v), true
	case time.Time:
		if v.IsZero() {
			return "", false
		}
		return v.UTC().Format(time.RFC3339Nano), true
	}
	return fmt.Sprint(value), true
}

func bytesText(b []byte, databaseType string) string {
	switch databaseType {
	case "BIT": // MySQL gives the bits as bytes
		return new(big.Int).SetBytes(b).String()
	case "UNIQUEIDENTIFIER":
		if guid, err := mapping.GUIDText(b); err == nil {
			return guid
		}
	}
	return string(b)
}
