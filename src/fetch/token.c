#include "fetch/token.h"

#include "base/cleanup.h"
#include "base/files.h"

#include <ctype.h>
#include <string.h>
#include <sys/stat.h>

int token_read(const char *path, char **ret, bool *ret_exposed, Failure *failure) {
    _cleanup_free_ char *content = NULL;
    size_t length = 0, begin = 0;
    struct stat status;

    int r = file_read(path, TOKEN_FILE_BYTES_MAX, &content, &length, failure);
    if (r < 0)
        return failure_prefix(
            failure, r == -EFBIG ? -EINVAL : r,
            "the token cannot be read; correct autoInstall.tokenFile or the file it names");
    *ret_exposed = stat(path, &status) == 0 && (status.st_mode & S_IROTH) != 0;
    while (length > 0 && isspace((unsigned char)content[length - 1]))
        content[--length] = '\0';
    while (begin < length && isspace((unsigned char)content[begin]))
        begin++;
    for (size_t i = begin; i < length; i++)
        if (content[i] <= ' ' || content[i] >= 0x7f)
            return failure_set(
                failure, -EINVAL,
                "%s holds no token: a byte in it is no printable ASCII; write the token alone into it", path);
    if (begin == length)
        return failure_set(
            failure, -EINVAL, "%s is empty: write the token into it, or set autoInstall.tokenFile to \"\"", path);
    memmove(content, content + begin, length - begin + 1);
    *ret = TAKE_PTR(content);
    return 0;
}
