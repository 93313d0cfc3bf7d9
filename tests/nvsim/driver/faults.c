/* Faults by rule: which call of which function fails, is late, or does nothing.
 *
 * rules:  rule [';' rule] ...
 * rule:   function ['@' first ['+' times | '+*']] '=' action [',' action] ...
 * action: 'code:' n | 'after:' n | 'delay:' ms | 'skip' | 'lost'
 */
#include "state.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_FAULTS = 64 };

static struct fault faults[MAX_FAULTS];
static int fault_count;
bool device_lost;

static bool parse_action(struct fault *fault, const char *action)
{
    if (!strncmp(action, "code:", 5) || !strncmp(action, "after:", 6)) {
        fault->returns = true;
        fault->after = action[0] == 'a';
        fault->code = atoi(strchr(action, ':') + 1);
    } else if (!strncmp(action, "delay:", 6)) {
        fault->delay_ms = atol(action + 6);
    } else if (!strcmp(action, "skip")) {
        fault->skip = true;
    } else if (!strcmp(action, "lost")) {
        fault->lost = true;
    } else {
        return false;
    }
    return true;
}

static bool parse_rule(struct fault *fault, char *rule)
{
    char *actions = strchr(rule, '=');
    if (!actions || actions == rule)
        return false;
    *actions++ = 0;
    *fault = (struct fault){.first = 1, .times = 1};
    char *at = strchr(rule, '@');
    if (at) {
        *at++ = 0;
        fault->first = strtol(at, &at, 10);
        if (*at == '+')
            fault->times = at[1] == '*' ? -1 : atol(at + 1);
    }
    if (strlen(rule) >= sizeof fault->function || fault->first < 1)
        return false;
    snprintf(fault->function, sizeof fault->function, "%s", rule);
    char *rest = NULL;
    for (char *action = strtok_r(actions, ",", &rest); action; action = strtok_r(NULL, ",", &rest))
        if (!parse_action(fault, action))
            return false;
    return true;
}

/* Adds rules; a rule that cannot be read ends the process, as a fault that never comes proves
 * nothing. */
EXPORT void nvsim_add_faults(const char *rules)
{
    char *copy = strdup(rules), *rest = NULL;
    for (char *rule = strtok_r(copy, ";", &rest); rule; rule = strtok_r(NULL, ";", &rest)) {
        if (fault_count == MAX_FAULTS || !parse_rule(&faults[fault_count], rule)) {
            fprintf(stderr, "nvsim: cannot read the fault rules '%s'\n", rules);
            _Exit(98);
        }
        fault_count++;
    }
    free(copy);
}

/* Forgets the rules. A device that is lost stays so, as for any process on a GPU. */
EXPORT void nvsim_clear_faults(void)
{
    fault_count = 0;
}

static bool matches(const struct fault *fault, const char *function)
{
    size_t size = strlen(fault->function);
    if (size && fault->function[size - 1] == '*')
        return !strncmp(fault->function, function, size - 1);
    return !strcmp(fault->function, function);
}

struct fault *fault_for(const char *function)
{
    struct fault *found = NULL;
    for (int i = 0; i < fault_count; i++) {
        struct fault *fault = &faults[i];
        if (!matches(fault, function))
            continue;
        long n = ++fault->seen;
        if (!found && n >= fault->first && (fault->times < 0 || n < fault->first + fault->times))
            found = fault;
    }
    return found;
}

__attribute__((constructor)) static void faults_of_environment(void)
{
    const char *rules = getenv("NVSIM_FAULTS");
    if (rules)
        nvsim_add_faults(rules);
}
