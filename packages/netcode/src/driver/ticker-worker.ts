/**
 * The clock of `ticker.ts`, in a worker: a hidden page's own timers go down to one a second, a worker's keep their pace.
 * It takes a number (the interval in ms) and answers with a message per interval. `TICKER_WORKER_SOURCE` there is the same program as text.
 */
let timer: ReturnType<typeof setInterval> | undefined;

onmessage = (message: MessageEvent<number>): void => {
  clearInterval(timer);
  timer = setInterval(() => postMessage(0), message.data);
};
