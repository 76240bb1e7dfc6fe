#include "tests/simulation/runner.h"

#include "tests/simulation/history.h"

#include <errno.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { JOBS_MAX = 256 };

typedef struct Worker {
    pid_t pid;
    bool failed;
    uint64_t seed; /* the one that is lived through, or that failed */
    Violation violation;
    Tally tally;
} Worker;

typedef struct Shared {
    uint64_t failed_seed; /* the lowest so far: nobody needs to go beyond it */
    Worker workers[JOBS_MAX];
} Shared;

static void lower_failed_seed(Shared *shared, uint64_t seed) {
    uint64_t before = __atomic_load_n(&shared->failed_seed, __ATOMIC_RELAXED);
    while (seed < before && !__atomic_compare_exchange_n(
                                &shared->failed_seed, &before, seed, false, __ATOMIC_RELAXED, __ATOMIC_RELAXED))
        ;
}

static void work(Shared *shared, Worker *worker, const Run *run, unsigned number) {
    static World world;
    Choices choices;
    for (uint64_t seed = run->first_seed + number; seed < run->first_seed + run->seed_count; seed += run->jobs) {
        if (seed > __atomic_load_n(&shared->failed_seed, __ATOMIC_RELAXED))
            return;
        worker->seed = seed;
        choices_seed(&choices, seed, NULL);
        history_live_guarded(&world, &choices, &worker->tally, NULL);
        if (!violated(&world))
            continue;
        worker->violation = world.violation;
        worker->failed = true;
        lower_failed_seed(shared, seed);
        return;
    }
}

static void collect(Shared *shared, const Run *run, Result *ret) {
    for (unsigned number = 0; number < run->jobs; number++) {
        Worker *worker = &shared->workers[number];
        int status = 0;
        pid_t pid = 0;
        do
            pid = waitpid(worker->pid, &status, 0);
        while (pid < 0 && errno == EINTR);
        if (pid == worker->pid && status == 0)
            continue;
        worker->failed = true;
        worker->violation.kind = VIOLATION_ASSERTION;
        (void)snprintf(
            worker->violation.detail, sizeof worker->violation.detail, "its process ended with status %#x%s",
            (unsigned)status, pid < 0 ? ", or is lost" : "");
    }
    for (unsigned number = 0; number < run->jobs; number++) {
        const Worker *worker = &shared->workers[number];
        tally_add(&ret->tally, &worker->tally);
        if (worker->failed && (!ret->failed || worker->seed < ret->seed)) {
            ret->failed = true;
            ret->seed = worker->seed;
            ret->violation = worker->violation;
        }
    }
}

static double now_seconds(void) {
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

int run_histories(const Run *wanted, Result *ret) {
    Run run = *wanted;
    long cores = sysconf(_SC_NPROCESSORS_ONLN);
    double began = now_seconds();

    *ret = (Result){0};
    if (run.jobs == 0)
        run.jobs = cores > 0 ? (unsigned)cores : 1;
    if (run.jobs > JOBS_MAX)
        run.jobs = JOBS_MAX;
    Shared *shared = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (shared == MAP_FAILED)
        return -errno;
    shared->failed_seed = UINT64_MAX;
    for (unsigned number = 0; number < run.jobs; number++) {
        Worker *worker = &shared->workers[number];
        pid_t pid = fork();
        if (pid < 0)
            return -errno;
        if (pid == 0) {
            work(shared, worker, &run, number);
            _exit(0);
        }
        worker->pid = pid; /* by the parent alone: the memory is the child's, too */
    }
    collect(shared, &run, ret);
    ret->took_seconds = now_seconds() - began;
    return munmap(shared, sizeof *shared) < 0 ? -errno : 0;
}
