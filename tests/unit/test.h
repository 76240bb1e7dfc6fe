/* cmocka with the headers it wants before it, and the clang/gcc warnings its macros provoke switched off. */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
