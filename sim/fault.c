#include "sim/fault.h"

#include "base/strings.h"

static const char *const NAMES[FAULT_COUNT] = {
#define X(fault, name) [FAULT_##fault] = (name),
    FAULTS(X)
#undef X
};

int fault_parse(const char *name, Fault *ret) {
    for (Fault fault = 0; fault < FAULT_COUNT; fault++) {
        if (streq(NAMES[fault], name)) {
            *ret = fault;
            return 0;
        }
    }
    return -EINVAL;
}

const char *fault_name(Fault fault) {
    return NAMES[fault];
}
