/* Is what came a web page? A captive portal, a login page or a proxy's error answers 200 to anything. Pure. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

enum { WEB_PAGE_BYTES = 512 }; /* so much of the beginning is enough to tell */

/** Does @text, which needs no NUL, begin like HTML, or like the XML in which object stores tell their errors? */
bool web_page_is(const char *text, size_t length);
