package payload

import (
	"bytes"
	"encoding/binary"
	"unicode/utf16"
	"unicode/utf8"
)

// wide is an encoding of Unicode with units of two or four bytes.
type wide uint8

const (
	notWide       wide = iota
	utf16Little        //
	utf16Big           //
	utf32Little        //
	utf32Big           //
	utf16Unmarked      // byte order by its mark, or its zeros
	utf32Unmarked      // the same
)

// markOf recognises a byte order mark of UTF-16 or UTF-32 at the beginning.
func markOf(text []byte) wide {
	switch {
	case len(text) < 4:
	case bytes.HasPrefix(text, []byte{0, 0, 0xfe, 0xff}):
		return utf32Big
	case bytes.HasPrefix(text, []byte{0xff, 0xfe, 0, 0}):
		return utf32Little
	case bytes.HasPrefix(text, []byte{0xfe, 0xff}):
		return utf16Big
	case bytes.HasPrefix(text, []byte{0xff, 0xfe}):
		return utf16Little
	}
	return notWide
}

// wideOf recognises UTF-16 and UTF-32 by the mark, or by the zeros in the first
// characters, of text that begins with two ASCII characters, like JSON.
func wideOf(text []byte) wide {
	if marked := markOf(text); marked != notWide || len(text) < 2 {
		return marked
	}
	four := len(text) >= 4
	switch {
	case four && text[0] == 0 && text[1] == 0 && text[2] == 0 && text[3] != 0:
		return utf32Big
	case four && text[0] != 0 && text[1] == 0 && text[2] == 0 && text[3] == 0:
		return utf32Little
	case text[0] == 0 && text[1] != 0:
		return utf16Big
	case text[0] != 0 && text[1] == 0:
		return utf16Little
	default:
		return notWide
	}
}

// decode converts text to UTF-8 without its mark. It is invalid when units or
// surrogates are incomplete.
func (w wide) decode(text []byte) (plain []byte, valid bool) {
	switch w {
	case utf16Unmarked:
		if w = wideOf(text); w != utf16Little && w != utf16Big {
			if bytes.IndexByte(text, 0) < 0 && utf8.Valid(text) {
				return text, true // UTF-8 declared as UTF-16, as by writers of .NET
			}
			w = likelierOrder(text)
		}
	case utf32Unmarked:
		if w = wideOf(text); w != utf32Little && w != utf32Big {
			w = utf32Big
		}
	}
	switch w {
	case utf16Big:
		return decode16(text, binary.BigEndian)
	case utf16Little:
		return decode16(text, binary.LittleEndian)
	case utf32Big:
		return decode32(text, binary.BigEndian)
	default:
		return decode32(text, binary.LittleEndian)
	}
}

// likelierOrder counts zeros, because most texts contain ASCII characters. Without
// zeros it is little endian, as in browsers.
func likelierOrder(text []byte) wide {
	high, low := 0, 0
	for i := 0; i+1 < len(text); i += 2 {
		if text[i] == 0 {
			high++
		}
		if text[i+1] == 0 {
			low++
		}
	}
	if high > low {
		return utf16Big
	}
	return utf16Little
}

func decode16(text []byte, order binary.ByteOrder) ([]byte, bool) {
	if len(text)%2 != 0 {
		return text, false
	}
	plain := make([]byte, 0, len(text)*3/4+4)
	for i := 0; i < len(text); i += 2 {
		r := rune(order.Uint16(text[i:]))
		switch {
		case r == '\ufeff' && i == 0:
			continue
		case utf16.IsSurrogate(r):
			if i+4 > len(text) {
				return text, false
			}
			i += 2
			if r = utf16.DecodeRune(r, rune(order.Uint16(text[i:]))); r == utf8.RuneError {
				return text, false
			}
		}
		plain = utf8.AppendRune(plain, r)
	}
	return plain, true
}

func decode32(text []byte, order binary.ByteOrder) ([]byte, bool) {
	if len(text)%4 != 0 {
		return text, false
	}
	plain := make([]byte, 0, len(text)/2)
	for i := 0; i < len(text); i += 4 {
		unit := order.Uint32(text[i:])
		if unit == 0xfeff && i == 0 {
			continue
		}
		if unit > utf8.MaxRune || !utf8.ValidRune(rune(unit)) {
			return text, false
		}
		plain = utf8.AppendRune(plain, rune(unit))
	}
	return plain, true
}
