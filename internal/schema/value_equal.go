package schema

import (
	"context"
	"hash/maphash"
	"math/bits"
)

var unlimited = context.Background()

// equal compares two values as JSON Schema does: numbers by their value,
// objects without their order.
func (p *pace) equal(a, b any) bool {
	if !p.spend(1) {
		return false
	}
	switch a := a.(type) {
	case string:
		b, ok := b.(string)
		if !ok || len(a) != len(b) {
			return false
		}
		return p.spend(len(a)>>6) && a == b
	case number:
		b, ok := b.(number)
		if !ok || a == b {
			return ok
		}
		return p.spend((len(a)+len(b))>>3) && a.decimal() == b.decimal()
	case []any:
		b, ok := b.([]any)
		if !ok || len(a) != len(b) {
			return false
		}
		for i := range a {
			if !p.equal(a[i], b[i]) {
				return false
			}
		}
		return true
	case *object:
		b, ok := b.(*object)
		if !ok || len(a.members) != len(b.members) {
			return false
		}
		for i := range a.members {
			j := b.find(a.members[i].name)
			if j < 0 || !p.equal(a.members[i].value, b.members[j].value) {
				return false
			}
		}
		return true
	default: // nil and booleans
		return a == b
	}
}

// seed is random for each process, so that a sender can't construct values with
// the same hash.
var seed = maphash.MakeSeed()

const (
	saltNumber = 0x9e3779b97f4a7c15
	saltArray  = 0xbf58476d1ce4e5b9
	saltObject = 0x94d049bb133111eb
)

// hash returns the same for values that are equal.
func (p *pace) hash(v any) uint64 {
	if !p.spend(1) {
		return 0
	}
	switch v := v.(type) {
	case nil:
		return 1
	case bool:
		if v {
			return 2
		}
		return 3
	case string:
		p.spend(len(v) >> 6)
		return maphash.String(seed, v)
	case number:
		p.spend(len(v) >> 3)
		d := v.decimal()
		sum := maphash.String(seed, d.digits) ^ uint64(d.exponent)*saltNumber
		if d.negative {
			sum = ^sum
		}
		return mix(sum)
	case []any:
		sum := uint64(saltArray)
		for _, item := range v {
			sum = mix(sum ^ p.hash(item))
		}
		return sum
	case *object:
		sum := uint64(saltObject)
		for i := range v.members { // a sum, because the order is not significant
			sum += mix(maphash.String(seed, v.members[i].name) ^ bits.RotateLeft64(p.hash(v.members[i].value), 23))
		}
		return mix(sum)
	default:
		return 0
	}
}

func mix(x uint64) uint64 {
	high, low := bits.Mul64(x^saltNumber, saltObject)
	return high ^ low
}

// distinct is a set of values, made in time proportional to their size.
type distinct struct {
	values []any
	places map[uint64]int
}

// add returns the place of an equal value that is there already, or -1 after
// it has added v.
func (d *distinct) add(p *pace, v any) int {
	i, hash := d.find(p, v)
	if i < 0 && p.err == nil {
		d.values = append(d.values, v)
		d.places[hash] = len(d.values) - 1
	}
	return i
}

// find returns the place of a value equal to v or -1, and the hash under which
// it is, or would be, entered. Different values of one hash take the next free
// one.
func (d *distinct) find(p *pace, v any) (int, uint64) {
	hash := p.hash(v)
	for p.err == nil {
		i, taken := d.places[hash]
		if !taken {
			return -1, hash
		}
		if p.equal(d.values[i], v) {
			return i, hash
		}
		hash++
	}
	return -1, hash
}

func newDistinct(size int) *distinct {
	return &distinct{values: make([]any, 0, size), places: make(map[uint64]int, size)}
}
