package process

import (
	"os"
	"slices"
	"strings"
)

// modulesIn returns the names of the modules in a folder of packages, sorted.
func modulesIn(site string) (modules []string) {
	if site == "" {
		return nil
	}
	entries, err := os.ReadDir(site)
	if err != nil {
		return nil // the children will say so
	}
	for _, entry := range entries {
		name, _, _ := strings.Cut(entry.Name(), ".")
		modules = append(modules, name)
	}
	return slices.Compact(modules)
}

// standard are the modules of the standard library that take a while to import and do nothing
// else when they are, by the first part of their names, which a program is known to import. A
// zygote imports them ahead; of others, importing may have effects (this, antigravity, idlelib).
var standard = map[string][]string{
	"argparse": {"argparse"}, "asyncio": {"asyncio"}, "base64": {"base64"}, "bz2": {"bz2"}, "calendar": {"calendar"},
	"collections": {"collections.abc"}, "concurrent": {"concurrent.futures.thread"}, "configparser": {"configparser"},
	"contextlib": {"contextlib"}, "csv": {"csv"}, "dataclasses": {"dataclasses"}, "datetime": {"datetime"}, "decimal": {"decimal"},
	"difflib": {"difflib"}, "email": {"email.message", "email.mime.multipart", "email.mime.text", "email.parser"}, "enum": {"enum"},
	"fractions": {"fractions"}, "gzip": {"gzip"}, "hashlib": {"hashlib"}, "hmac": {"hmac"}, "html": {"html.parser"},
	"http": {"http.client", "http.cookies"}, "importlib": {"importlib.metadata"}, "inspect": {"inspect"}, "ipaddress": {"ipaddress"},
	"json": {"json"}, "logging": {"logging"}, "lzma": {"lzma"}, "mimetypes": {"mimetypes"}, "pathlib": {"pathlib"}, "pickle": {"pickle"},
	"random": {"random"}, "re": {"re"}, "secrets": {"secrets"}, "shutil": {"shutil"}, "socket": {"socket"},
	"sqlite3": {"sqlite3"}, "ssl": {"ssl"}, "statistics": {"statistics"}, "string": {"string"}, "subprocess": {"subprocess"},
	"tarfile": {"tarfile"}, "tempfile": {"tempfile"}, "textwrap": {"textwrap"}, "threading": {"threading"}, "tomllib": {"tomllib"},
	"traceback": {"traceback"}, "typing": {"typing"}, "unittest": {"unittest.mock"}, "urllib": {"urllib.parse", "urllib.request"},
	"uuid": {"uuid"}, "xml": {"xml.etree.ElementTree"}, "zipfile": {"zipfile"}, "zoneinfo": {"zoneinfo"},
}
