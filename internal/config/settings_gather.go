package config

import (
	"net/url"
	"slices"
	"strings"
)

// Gather returns as NAME=value pairs all that Parse needs to read the same
// settings in a process that has neither this environment nor the file .env in
// folder. Load has accepted them.
func Gather(environ []string, folder string) []string {
	values, _ := readDotEnv(folder) // Load reports its faults
	own := valuesOf(environ)
	var pairs []string
	known := map[string]bool{}
	for _, s := range Settings() {
		known[s.Name] = true
		value, set := own[s.Name]
		if !set {
			value, set = values[s.Name]
		}
		if s.Name == "DATABASE_URL" {
			value = completePostgresURL(value, own)
		}
		if set {
			pairs = append(pairs, s.Name+"="+value)
		}
	}
	return append(pairs, pipVariables(own, known)...)
}

// Parse reads settings from the pairs that Gather returned.
func Parse(pairs []string) (*Config, error) {
	c, _, err := parse(valuesOf(pairs), nil)
	return c, err
}

// pipVariables are the variables that configure pip and are no settings.
func pipVariables(values map[string]string, known map[string]bool) []string {
	var pairs []string
	for name, value := range values {
		if strings.HasPrefix(name, "PIP_") && !known[name] {
			pairs = append(pairs, name+"="+value)
		}
	}
	slices.Sort(pairs)
	return pairs
}

// postgresVariables are the variables with which PostgreSQL's clients complete
// an address, with the parameters of the address that stand for them.
var postgresVariables = []struct{ name, parameter string }{
	{"PGHOST", "host"}, {"PGPORT", "port"}, {"PGDATABASE", "dbname"}, {"PGUSER", "user"}, {"PGPASSWORD", "password"},
	{"PGPASSFILE", "passfile"}, {"PGSERVICE", "service"}, {"PGSERVICEFILE", "servicefile"}, {"PGAPPNAME", "application_name"},
	{"PGCONNECT_TIMEOUT", "connect_timeout"}, {"PGSSLMODE", "sslmode"}, {"PGSSLKEY", "sslkey"}, {"PGSSLCERT", "sslcert"},
	{"PGSSLCERTMODE", "sslcertmode"}, {"PGSSLSNI", "sslsni"}, {"PGSSLROOTCERT", "sslrootcert"}, {"PGSSLPASSWORD", "sslpassword"},
	{"PGSSLNEGOTIATION", "sslnegotiation"}, {"PGTARGETSESSIONATTRS", "target_session_attrs"}, {"PGTZ", "timezone"},
	{"PGOPTIONS", "options"}, {"PGMINPROTOCOLVERSION", "min_protocol_version"}, {"PGMAXPROTOCOLVERSION", "max_protocol_version"},
	{"PGCHANNELBINDING", "channel_binding"}, {"PGREQUIREAUTH", "require_auth"},
}

// completePostgresURL writes into an address what the environment adds to it,
// for a process that does not have that environment.
func completePostgresURL(address string, environ map[string]string) string {
	u, err := url.Parse(address)
	if err != nil || address == "" {
		return address
	}
	query := u.Query()
	_, password := u.User.Password()
	given := map[string]bool{
		"host": u.Host != "", "port": u.Port() != "", "dbname": strings.Trim(u.Path, "/") != "" || query.Has("database"),
		"user": u.User.Username() != "", "password": password,
	}
	var added []string
	for _, v := range postgresVariables {
		if value := environ[v.name]; value != "" && !given[v.parameter] && !query.Has(v.parameter) {
			// A + is no space in such an address.
			added = append(added, v.parameter+"="+strings.ReplaceAll(url.QueryEscape(value), "+", "%20"))
		}
	}
	if added == nil {
		return address
	}
	if u.RawQuery != "" {
		added = append([]string{u.RawQuery}, added...)
	}
	base, _, _ := strings.Cut(address, "?")
	return base + "?" + strings.Join(added, "&")
}
