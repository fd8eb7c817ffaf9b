package changes

import "maestro/repo"

// ledger counts the changes that are known so far. The zero value knows none.
type ledger struct {
	numbers map[subject]int64
	sum     int64 // of all numbers
}

// subject is what changes have in common that are counted together.
type subject struct {
	tenant string
	kind   repo.ChangeKind
}

// isNews enters a change that the database told of, and reports whether it was
// unknown. One that was overtaken by a comparison is not news.
func (l *ledger) isNews(change repo.Change) bool {
	if change.Number <= l.numbers[subjectOf(change)] {
		return false
	}
	l.enter(change)
	return true
}

// differing makes the ledger equal to all and returns the changes in which it
// was not. Numbers may go back: a database can be restored.
func (l *ledger) differing(all []repo.Change) (news []repo.Change) {
	gone := l.numbers
	l.numbers, l.sum = make(map[subject]int64, len(all)), 0
	for _, change := range all {
		if number, known := gone[subjectOf(change)]; !known || number != change.Number {
			news = append(news, change)
		}
		delete(gone, subjectOf(change))
		l.enter(change)
	}
	for s := range gone {
		news = append(news, repo.Change{Tenant: s.tenant, Kind: s.kind})
	}
	return news
}

func (l *ledger) enter(change repo.Change) {
	if l.numbers == nil {
		l.numbers = map[subject]int64{}
	}
	s := subjectOf(change)
	l.sum += change.Number - l.numbers[s]
	l.numbers[s] = change.Number
}

func subjectOf(change repo.Change) subject { return subject{change.Tenant, change.Kind} }
