// Preloaded by a process: its clock is off by BITKILN_TEST_CLOCK_OFFSET_MS, and everything else is as it was.
const offset = Number(process.env.BITKILN_TEST_CLOCK_OFFSET_MS);
const RealDate = Date;

globalThis.Date = class extends RealDate {
  constructor(...args) {
    if (args.length === 0) super(RealDate.now() + offset);
    else super(...args);
  }

  static now() {
    return RealDate.now() + offset;
  }
};
