/*
 * Runs a fuzz target over files and the files of folders: what the target's main() is where libFuzzer is not, so
 * that every `make test` goes over the corpora. No input at all is a failure.
 */
#include <dirent.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int replay_file(const char *path) {
    FILE *file = fopen(path, "rb");
    struct stat status;
    uint8_t *data = NULL;

    if (!file || fstat(fileno(file), &status) < 0)
        return -1;
    size_t size = (size_t)status.st_size;
    data = malloc(size ? size : 1); /* of exactly its size: what is read behind it is seen by the sanitizer */
    if (!data || fread(data, 1, size, file) != size)
        return -1;
    (void)fclose(file);
    int r = LLVMFuzzerTestOneInput(data, size);
    free(data);
    return r;
}

static int replay(const char *path, unsigned *count) {
    DIR *folder = opendir(path);
    int r = 0;
    if (!folder) {
        (*count)++;
        return replay_file(path);
    }
    for (const struct dirent *entry; r == 0 && (entry = readdir(folder));) {
        char child[4096];
        (void)snprintf(child, sizeof child, "%s/%s", path, entry->d_name);
        if (entry->d_name[0] != '.')
            r = replay(child, count);
    }
    (void)closedir(folder);
    return r;
}

int main(int argc, char **argv) {
    unsigned count = 0;
    for (int i = 1; i < argc; i++) {
        if (replay(argv[i], &count) != 0) {
            perror(argv[i]);
            return 1;
        }
    }
    (void)printf("%u inputs\n", count);
    return count > 0 ? 0 : 1;
}
