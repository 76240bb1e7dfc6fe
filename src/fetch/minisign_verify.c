#include "fetch/minisign.h"

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/strings.h"

#include <openssl/evp.h>
#include <pthread.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

/* Pages of a mapped file are given back so often: at 2 GB/s that is 10 MB of resident memory. */
#define RELEASE_INTERVAL_USEC (UINT64_C(5) * USEC_PER_MSEC)
#define HEARTBEAT_USEC (UINT64_C(250) * USEC_PER_MSEC)

typedef struct Message {
    const uint8_t *bytes;
    size_t length;
} Message;

typedef struct Listener {
    MinisignProgress progress;
    void *userdata;
    uint64_t told_usec;
} Listener;

static void cleanup_key(EVP_PKEY **key) {
    EVP_PKEY_free(*key);
}

static void cleanup_context(EVP_MD_CTX **context) {
    EVP_MD_CTX_free(*context);
}

static void tell(Listener *listener, uint64_t bytes) {
    uint64_t now = clock_monotonic_usec();
    if (!listener->progress || usec_since(now, listener->told_usec) < HEARTBEAT_USEC)
        return;
    listener->told_usec = now;
    listener->progress(bytes, listener->userdata);
}

/* Ed25519 (RFC 8032). Returns 0; -EKEYREJECTED; -ENOMEM. */
static int check(const MinisignKey *key, const uint8_t *signature, Message message) {
    _cleanup_(cleanup_key) EVP_PKEY *public_key =
        EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, key->key, sizeof key->key);
    _cleanup_(cleanup_context) EVP_MD_CTX *context = EVP_MD_CTX_new();

    if (!public_key || !context || EVP_DigestVerifyInit(context, NULL, NULL, NULL, public_key) != 1)
        return -ENOMEM;
    return EVP_DigestVerify(context, signature, MINISIGN_SIGNATURE_BYTES, message.bytes, message.length) == 1
               ? 0
               : -EKEYREJECTED;
}

/* BLAKE2b-512 of the file, streamed. */
static int hash_file(int fd, Listener *listener, uint8_t (*ret)[EVP_MAX_MD_SIZE], unsigned *ret_length) {
    _cleanup_(cleanup_context) EVP_MD_CTX *context = EVP_MD_CTX_new();
    uint8_t buffer[64 * 1024];
    uint64_t offset = 0;

    if (!context || EVP_DigestInit_ex(context, EVP_blake2b512(), NULL) != 1)
        return -ENOMEM;
    for (;;) {
        ssize_t count = pread(fd, buffer, sizeof buffer, (off_t)offset);
        if (count < 0 && errno == EINTR)
            continue;
        if (count < 0)
            return negative_errno();
        if (count == 0)
            break;
        if (EVP_DigestUpdate(context, buffer, (size_t)count) != 1)
            return -EIO;
        offset += (uint64_t)count;
        tell(listener, offset);
    }
    return EVP_DigestFinal_ex(context, *ret, ret_length) == 1 ? 0 : -EIO;
}

static int
verify_prehashed(const MinisignKey *key, const MinisignSignature *signature, int fd, Listener *listener) {
    uint8_t hash[EVP_MAX_MD_SIZE];
    unsigned length = 0;

    int r = hash_file(fd, listener, &hash, &length);
    return r < 0 ? r : check(key, signature->signature, (Message){hash, length});
}

/* What the thread works on; the starter waits for it. */
typedef struct Job {
    const MinisignKey *key;
    const uint8_t *signature;
    Message message;
    int result;
} Job;

static void *run_job(void *argument) {
    Job *job = argument;
    job->result = check(job->key, job->signature, job->message);
    return NULL;
}

/*
 * One call of libcrypto reads the whole mapping. Meanwhile its pages are given back again and again: they stay in
 * the page cache, but not in this process.
 */
static int wait_for(pthread_t thread, Message message, Listener *listener) {
    for (;;) {
        struct timespec until;
        (void)clock_gettime(CLOCK_MONOTONIC, &until);
        uint64_t nsec = (uint64_t)until.tv_nsec + RELEASE_INTERVAL_USEC * 1000;
        until.tv_sec += (time_t)(nsec / 1000000000);
        until.tv_nsec = (long)(nsec % 1000000000);
        int error = pthread_clockjoin_np(thread, NULL, CLOCK_MONOTONIC, &until);
        if (error != ETIMEDOUT)
            return -error;
        (void)madvise((void *)(uintptr_t)message.bytes, message.length, MADV_DONTNEED);
        tell(listener, 0); /* libcrypto does not say how far it is */
    }
}

static int verify_mapped(Job *job, Listener *listener) {
    pthread_t thread;
    int error = pthread_create(&thread, NULL, run_job, job);
    if (error != 0)
        return -error;
    int r = wait_for(thread, job->message, listener);
    return r < 0 ? r : job->result;
}

static int verify_legacy(const MinisignKey *key, const MinisignSignature *signature, int fd, Listener *listener) {
    static const uint8_t NOTHING[1];
    Job job = {.key = key, .signature = signature->signature, .message = {NOTHING, 0}};
    struct stat status;

    if (fstat(fd, &status) < 0)
        return negative_errno();
    if (status.st_size == 0)
        return check(key, signature->signature, job.message); /* what is empty cannot be mapped */
    void *mapping = mmap(NULL, (size_t)status.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
    if (mapping == MAP_FAILED)
        return negative_errno();
    job.message = (Message){mapping, (size_t)status.st_size};
    int r = verify_mapped(&job, listener);
    (void)munmap(mapping, (size_t)status.st_size);
    return r;
}

/* The second signature binds the trusted comment to the first. */
static int verify_trusted_comment(const MinisignKey *key, const MinisignSignature *signature) {
    uint8_t bytes[MINISIGN_SIGNATURE_BYTES + MINISIGN_COMMENT_BYTES];
    memcpy(bytes, signature->signature, MINISIGN_SIGNATURE_BYTES);
    memcpy(bytes + MINISIGN_SIGNATURE_BYTES, signature->trusted_comment, signature->trusted_comment_length);
    return check(
        key, signature->global_signature,
        (Message){bytes, MINISIGN_SIGNATURE_BYTES + signature->trusted_comment_length});
}

static int describe(int r, Failure *failure, const char *rejected) {
    if (r >= 0)
        return r;
    if (r == -EKEYREJECTED)
        return failure_set(failure, r, "%s", rejected);
    return failure_set(failure, r, "cannot check the signature: %s", strerror(-r));
}

/* minisign prints key numbers as little-endian integers. */
static uint64_t key_number(const uint8_t (*id)[MINISIGN_KEY_ID_BYTES]) {
    uint64_t number = 0;
    for (size_t i = sizeof *id; i > 0; i--)
        number = number << 8 | (*id)[i - 1];
    return number;
}

int minisign_verify(
    const char *public_key, const char *signature_text, size_t length, int asset_fd, MinisignProgress progress,
    void *userdata, char (*ret_trusted_comment)[MINISIGN_COMMENT_BYTES], Failure *failure) {
    Listener listener = {.progress = progress, .userdata = userdata};
    MinisignSignature signature;
    MinisignKey key;

    int r = minisign_parse_key(public_key, &key, failure);
    if (r >= 0)
        r = minisign_parse_signature(signature_text, length, &signature, failure);
    if (r < 0)
        return r;
    if (memcmp(key.id, signature.key_id, sizeof key.id) != 0)
        return failure_set(
            failure, -EKEYREJECTED,
            "it is signed with key %016llX, not with %016llX of autoInstall.asset.publicKey: if the release makers "
            "have a new key, set that",
            (unsigned long long)key_number(&signature.key_id), (unsigned long long)key_number(&key.id));

    r = verify_trusted_comment(&key, &signature);
    if (r < 0)
        return describe(r, failure, "the trusted comment of the signature was changed, or it is of another key");
    r = signature.prehashed ? verify_prehashed(&key, &signature, asset_fd, &listener)
                            : verify_legacy(&key, &signature, asset_fd, &listener);
    if (r < 0)
        return describe(r, failure, "the signature is not of this file: one of the two was changed");
    (void)string_printable(*ret_trusted_comment, sizeof *ret_trusted_comment, signature.trusted_comment);
    return 0;
}
