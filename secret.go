package breakwater

import (
	"regexp"
	"slices"
)

// Secret is how a scenario refers to a secret: ${secret:NAME}. It is filled in with the
// environment variable of that name when the scenario is performed.
func Secret(name string) string { return "${secret:" + name + "}" }

var secret = regexp.MustCompile(`\$\{secret:([A-Za-z_][A-Za-z0-9_]*)\}`)

// IsSecret is whether the text between ${ and } refers to a secret.
func IsSecret(inner string) bool { return secret.FindString("${"+inner+"}") == "${"+inner+"}" }

// FillSecrets is the text with what value gives for the name of each secret in place of its
// reference.
func FillSecrets(text string, value func(name string) string) string {
	return secret.ReplaceAllStringFunc(text, func(ref string) string { return value(secret.FindStringSubmatch(ref)[1]) })
}

// SecretsIn are the names of the secrets that a text refers to, each once, sorted.
func SecretsIn(text string) []string {
	var names []string
	for _, m := range secret.FindAllStringSubmatch(text, -1) {
		names = append(names, m[1])
	}
	slices.Sort(names)
	return slices.Compact(names)
}
