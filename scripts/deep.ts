/** Tests are in their full size, hours of work: `pnpm test:deep` sets `ROLLCALL_DEEP=1`. */
export const IS_DEEP: boolean = process.env["ROLLCALL_DEEP"] === "1";
