/* CRC-32, by the check value that every description of it has. */
#include "tests/unit/test.h"

#include "sim/crc32.h"

static void test_known_values(void **state) {
    (void)state;
    assert_int_equal(crc32_add(0, "", 0), 0);
    assert_int_equal(crc32_add(0, "123456789", 9), 0xcbf43926);
    assert_int_equal(crc32_add(crc32_add(0, "1234", 4), "56789", 5), 0xcbf43926);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_known_values)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
