package demo

import "fmt"

// domain is the only mail domain of the demonstration.
const domain = "example.org"

// Person is somebody in the directory.
type Person struct {
	ID    string // the personnel number: the stable ID
	Name  string // what people call them
	Login string // the present login name and address
	// Kind is individual, or admin for who administrates the mail server.
	Kind string
	// Absent tells that the person is not in the directory: left, or not hired yet.
	Absent bool
	secret string
	alias  string
	phone  string // an app password, which works whatever the directory says
}

// cast are the people that something happens to.
type cast struct {
	tom                      *Person // an ordinary rename, with an alias
	john, jane, jack, joan   *Person // a chain: each gets the address that the one before gives up
	maria, mario             *Person // a swap
	sofia                    *Person // logs in under the new name before the agent came
	paul, ines, admin, alexK *Person // leave
	alexander                *Person // the newcomer who gets the address of alexK
}

// crowd makes the people: the cast, and others up to the number.
func crowd(n int) (cast, []*Person) {
	var all []*Person
	add := func(name, local string) *Person {
		id := fmt.Sprintf("e%05d", len(all)+1)
		p := &Person{ID: id, Name: name, Login: local + "@" + domain, Kind: "individual", secret: "secret of " + id}
		all = append(all, p)
		return p
	}
	c := cast{
		tom:  add("Tom Baker", "tom.baker"),
		john: add("John Smith", "j.smith"), jane: add("Jane Smith", "j.smith2"),
		jack: add("Jack Smith", "j.smith3"), joan: add("Joan Smith", "j.smith4"),
		maria: add("Maria Lopez", "mario.lopez"), mario: add("Mario Lopez", "maria.lopez"),
		sofia: add("Sofia Rossi", "sofia.rossi"), paul: add("Paul Dubois", "paul.dubois"),
		ines: add("Ines Costa", "ines.costa"), admin: add("Lena Fischer", "lena.fischer"),
		alexK: add("Alex Kim", "alex.kim"),
	}
	c.tom.alias = "tom@" + domain
	c.admin.Kind = "admin"
	for i := len(all); i < n; i++ {
		first, last := firstNames[i%len(firstNames)], lastNames[i/len(firstNames)%len(lastNames)]
		name, local := first+" "+last, lower(first)+"."+lower(last)
		if round := i / len(firstNames) / len(lastNames); round > 0 {
			name, local = fmt.Sprintf("%s %d", name, round+1), fmt.Sprintf("%s%d", local, round+1)
		}
		add(name, local)
	}
	c.alexander = &Person{
		ID: fmt.Sprintf("e%05d", n+1), Name: "Alexander Kim", Login: c.alexK.Login, Kind: "individual", secret: "secret of the newcomer", Absent: true,
	}
	return c, all
}

// lower works for the ASCII names below.
func lower(s string) string {
	b := []byte(s)
	for i, c := range b {
		if c >= 'A' && c <= 'Z' {
			b[i] = c + 'a' - 'A'
		}
	}
	return string(b)
}

var firstNames = []string{
	"Ada", "Ben", "Cora", "David", "Elif", "Felix", "Grace", "Hugo", "Ida", "Jonas", "Karin", "Leo", "Mina", "Nils",
	"Olga", "Pedro", "Quinn", "Rosa", "Samir", "Tara", "Uma", "Viktor", "Wanda", "Xavier", "Yara", "Zoe",
}

var lastNames = []string{
	"Almeida", "Bauer", "Conti", "Dvorak", "Eriksen", "Fontaine", "Garcia", "Haas", "Ito", "Jansen", "Kowalski", "Lind",
	"Meyer", "Novak", "Olsen", "Petrov", "Quist", "Romero", "Sato", "Tanaka", "Ueda", "Vargas", "Weber", "Young", "Ziegler",
}
