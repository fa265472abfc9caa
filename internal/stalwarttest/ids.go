package stalwarttest

// idAlphabet is Stalwart's base32 alphabet; the most significant digit comes first, without leading zeros.
const idAlphabet = "abcdefghijklmnopqrstuvwxyz792013"

// AccountID is an account id in the form in which the server shows it, such as "c". Ids are never reused.
type AccountID string

// recoveryAdminID is the account id of the recovery administrator ("d333333").
const recoveryAdminID = uint64(1)<<32 - 1

// FormatID gives the text form of a numeric id.
func FormatID(id uint64) string {
	if id == 0 {
		return "a"
	}
	var buf [13]byte
	i := len(buf)
	for ; id > 0; id >>= 5 {
		i--
		buf[i] = idAlphabet[id&31]
	}
	return string(buf[i:])
}

// ParseID reads the text form of an id; ok is false if it has a character outside the alphabet, is empty or too long.
func ParseID(text string) (id uint64, ok bool) {
	if text == "" || len(text) > 13 {
		return 0, false
	}
	for i := range len(text) {
		digit := idDigit(text[i])
		if digit < 0 || id > (1<<64-1)>>5 {
			return 0, false
		}
		id = id<<5 | uint64(digit)
	}
	return id, true
}

func idDigit(c byte) int {
	switch {
	case c >= 'a' && c <= 'z':
		return int(c - 'a')
	case c == '7':
		return 26
	case c == '9':
		return 27
	case c == '2':
		return 28
	case c == '0':
		return 29
	case c == '1':
		return 30
	case c == '3':
		return 31
	}
	return -1
}
