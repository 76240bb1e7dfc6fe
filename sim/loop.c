#include "sim/loop.h"

#include "base/cleanup.h"
#include "base/clock.h"

#include <stdlib.h>
#include <sys/timerfd.h>
#include <time.h>

struct Loop {
    int fd;
    bool exits;
    int code;
};

struct Source {
    const Loop *loop;
    int fd;
    SourceHandler handler;
    void *userdata;
};

struct Timer {
    int fd;
    Source *source;
    TimerHandler handler;
    void *userdata;
};

int loop_new(Loop **ret) {
    Loop *loop = calloc(1, sizeof *loop);
    if (!loop)
        return -ENOMEM;
    loop->fd = epoll_create1(EPOLL_CLOEXEC);
    if (loop->fd < 0) {
        int r = negative_errno();
        free(loop);
        return r;
    }
    *ret = loop;
    return 0;
}

Loop *loop_free(Loop *loop) {
    if (loop)
        (void)close_fd(loop->fd);
    free(loop);
    return NULL;
}

int loop_run(Loop *loop) {
    while (!loop->exits) {
        /* One event at a time: a handler may free any source, and none may be called after that. The kernel moves
         * what it reported to the end of its list, so nobody starves. */
        struct epoll_event event;
        int count = epoll_wait(loop->fd, &event, 1, -1);
        if (count < 0 && errno != EINTR)
            return negative_errno();
        if (count == 1) {
            const Source *source = event.data.ptr;
            source->handler(event.events, source->userdata);
        }
    }
    return loop->code;
}

void loop_exit(Loop *loop, int code) {
    if (!loop->exits)
        loop->code = code;
    loop->exits = true;
}

bool loop_exits(const Loop *loop) {
    return loop->exits;
}

int source_new(Loop *loop, int fd, uint32_t events, SourceHandler handler, void *userdata, Source **ret) {
    Source *source = malloc(sizeof *source);
    if (!source)
        return -ENOMEM;
    *source = (Source){.loop = loop, .fd = fd, .handler = handler, .userdata = userdata};
    struct epoll_event event = {.events = events, .data.ptr = source};
    if (epoll_ctl(loop->fd, EPOLL_CTL_ADD, fd, &event) < 0) {
        int r = negative_errno();
        free(source);
        return r;
    }
    *ret = source;
    return 0;
}

int source_set_events(Source *source, uint32_t events) {
    struct epoll_event event = {.events = events, .data.ptr = source};
    return epoll_ctl(source->loop->fd, EPOLL_CTL_MOD, source->fd, &event) < 0 ? negative_errno() : 0;
}

Source *source_free(Source *source) {
    if (source)
        (void)epoll_ctl(source->loop->fd, EPOLL_CTL_DEL, source->fd, NULL);
    free(source);
    return NULL;
}

static void on_timer(uint32_t events, void *userdata) {
    Timer *timer = userdata;
    uint64_t expirations;
    (void)events;
    /* Nothing to read means that the timer was set anew between the report and now. */
    if (read(timer->fd, &expirations, sizeof expirations) == (ssize_t)sizeof expirations)
        timer->handler(timer->userdata);
}

int timer_new(Loop *loop, TimerHandler handler, void *userdata, Timer **ret) {
    Timer *timer = malloc(sizeof *timer);
    if (!timer)
        return -ENOMEM;
    *timer = (Timer){.handler = handler, .userdata = userdata};
    timer->fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
    int r =
        timer->fd < 0 ? negative_errno() : source_new(loop, timer->fd, EPOLLIN, on_timer, timer, &timer->source);
    if (r < 0)
        (void)timer_free(timer);
    else
        *ret = timer;
    return r;
}

void timer_set(Timer *timer, uint64_t deadline_usec) {
    struct itimerspec setting = {0}; /* all zeroes disarm */
    if (deadline_usec != USEC_NEVER)
        setting.it_value = (struct timespec){
            .tv_sec = (time_t)(deadline_usec / USEC_PER_SEC),
            .tv_nsec = (long)(deadline_usec % USEC_PER_SEC * 1000) + (deadline_usec == 0),
        };
    (void)timerfd_settime(timer->fd, TFD_TIMER_ABSTIME, &setting, NULL);
}

Timer *timer_free(Timer *timer) {
    if (!timer)
        return NULL;
    (void)source_free(timer->source);
    (void)close_fd(timer->fd);
    free(timer);
    return NULL;
}
