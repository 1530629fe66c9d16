// Moments in the person's own time zone.

const DAY_AND_TIME = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "short" });
const TIME = new Intl.DateTimeFormat(undefined, { timeStyle: "short" });

/** Writes all moments below an element as the person's clock shows them. */
export function showLocalTimes(root) {
  for (const element of root.querySelectorAll("time[datetime]")) {
    const moment = new Date(element.dateTime);
    if (!Number.isNaN(moment.getTime())) {
      element.title = element.title || element.textContent;
      element.textContent = describe(moment);
    }
  }
}

/** A moment of today as a time, any other with its day. */
export function describe(moment, now = new Date()) {
  return moment.toDateString() === now.toDateString() ? TIME.format(moment) : DAY_AND_TIME.format(moment);
}
