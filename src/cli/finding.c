#include "cli/finding.h"

#include "base/json.h"
#include "base/strings.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

enum { TEXT_MAX = 2048 };

#define X(value, name) [value] = name,
static const char *const RESULT_NAMES[] = {FINDING_RESULTS(X)};
static const char *const CHECK_NAMES[] = {FINDING_CHECKS(X)};
#undef X

static char *printable_copy(const char *text) {
    char printable[TEXT_MAX];
    return strdup(string_printable(printable, sizeof printable, text));
}

static void finding_clear(Finding *finding) {
    free(finding->subject);
    free(finding->text);
    free(finding->cure);
}

static bool append(Findings *findings, const Finding *finding) {
    if (!finding->subject || !finding->text || !finding->cure)
        return false;
    Finding *larger = reallocarray(findings->items, findings->count + 1, sizeof *larger);
    if (!larger)
        return false;
    findings->items = larger;
    findings->items[findings->count++] = *finding;
    return true;
}

static void print_line(FILE *out, const Finding *finding) {
    bool named = !*finding->subject || strstr(finding->text, finding->subject);
    fprintf(
        out, "%-8s %-12s %s%s%s%s%s\n", RESULT_NAMES[finding->result], CHECK_NAMES[finding->check],
        named ? "" : finding->subject, named ? "" : ": ", finding->text, *finding->cure ? "; " : "", finding->cure);
    (void)fflush(out);
}

void findings_add(
    Findings *findings, FindingCheck check, FindingResult result, const char *subject, const char *cure,
    const char *format, ...) {
    char text[TEXT_MAX];
    va_list arguments;

    va_start(arguments, format);
    (void)vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    Finding finding = {
        .check = check,
        .result = result,
        .subject = printable_copy(subject),
        .text = printable_copy(text),
        .cure = printable_copy(cure ? cure : ""),
    };
    findings->counts[result]++;
    if (!append(findings, &finding)) {
        findings->incomplete = true;
        finding_clear(&finding);
    } else if (findings->output == OUTPUT_HUMAN) {
        print_line(findings->out, &finding);
    }
}

static json_t *to_json(const Findings *findings, const char *result) {
    json_t *array = json_array();
    for (size_t i = 0; i < findings->count; i++) {
        const Finding *finding = &findings->items[i];
        (void)json_array_append_new(
            array, json_pack(
                       "{s:s, s:s, s:s, s:s, s:s}", "check", CHECK_NAMES[finding->check], "result",
                       RESULT_NAMES[finding->result], "subject", finding->subject, "text", finding->text, "cure",
                       finding->cure));
    }
    return json_pack("{s:s, s:o}", "result", result, "findings", array);
}

static const char *plural(size_t count) {
    return count == 1 ? "" : "s";
}

static void print_summary(const Findings *findings) {
    size_t problems = findings->counts[FINDING_PROBLEM], warnings = findings->counts[FINDING_WARNING];
    if (problems + warnings == 0)
        fprintf(
            findings->out, "All is well: %zu finding%s, no problem, no warning.\n", findings->count,
            plural(findings->count));
    else
        fprintf(
            findings->out, "%zu problem%s and %zu warning%s among %zu finding%s.\n", problems, plural(problems),
            warnings, plural(warnings), findings->count, plural(findings->count));
}

ExitCode findings_finish(const Findings *findings) {
    bool problems = findings->counts[FINDING_PROBLEM] > 0, warnings = findings->counts[FINDING_WARNING] > 0;
    const char *result = problems ? "problems" : warnings ? "warnings" : "ok";

    if (findings->incomplete)
        return EXIT_CODE_SYSTEM;
    if (findings->output == OUTPUT_JSON) {
        _cleanup_json_ json_t *root = to_json(findings, result);
        if (!root || json_dumpf(root, findings->out, JSON_COMPACT) < 0)
            return EXIT_CODE_SYSTEM;
        fputs("\n", findings->out);
    } else {
        print_summary(findings);
    }
    return problems ? EXIT_CODE_PROBLEMS : warnings ? EXIT_CODE_WARNINGS : EXIT_CODE_OK;
}

void findings_clear(Findings *findings) {
    for (size_t i = 0; i < findings->count; i++)
        finding_clear(&findings->items[i]);
    free(findings->items);
    *findings = (Findings){0};
}
