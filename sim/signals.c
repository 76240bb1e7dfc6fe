#include "sim/signals.h"

#include "base/cleanup.h"

#include <signal.h>
#include <stdlib.h>
#include <sys/signalfd.h>

struct Signals {
    int fd;
    Source *source;
    SignalHandler handler;
    void *userdata;
};

static sigset_t the_signals(void) {
    sigset_t set;
    (void)sigemptyset(&set);
    (void)sigaddset(&set, SIGTERM);
    (void)sigaddset(&set, SIGINT);
    (void)sigaddset(&set, SIGHUP);
    return set;
}

void signals_block(void) {
    sigset_t set = the_signals();
    (void)sigprocmask(SIG_BLOCK, &set, NULL);
}

static void on_signal(uint32_t events, void *userdata) {
    const Signals *signals = userdata;
    struct signalfd_siginfo info;
    (void)events;
    if (read(signals->fd, &info, sizeof info) == (ssize_t)sizeof info)
        signals->handler((int)info.ssi_signo, signals->userdata);
}

int signals_new(Loop *loop, SignalHandler handler, void *userdata, Signals **ret) {
    sigset_t set = the_signals();
    Signals *signals = malloc(sizeof *signals);
    if (!signals)
        return -ENOMEM;
    *signals = (Signals){.handler = handler, .userdata = userdata};
    signals->fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
    int r = signals->fd < 0 ? negative_errno()
                            : source_new(loop, signals->fd, EPOLLIN, on_signal, signals, &signals->source);
    if (r < 0)
        (void)signals_free(signals);
    else
        *ret = signals;
    return r;
}

Signals *signals_free(Signals *signals) {
    if (!signals)
        return NULL;
    (void)source_free(signals->source);
    (void)close_fd(signals->fd);
    free(signals);
    return NULL;
}
