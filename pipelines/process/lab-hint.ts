/** What a person does where no container runtime is to be had. It works from any folder, as recipes rarely lie in a checkout of ingot. */
export const labHint =
  'in a checkout of ingot on Debian as root, run `npm run lab:up` and prefix the command there with `npx node lab/run.ts --`; from another folder with `CHECKOUT/node_modules/.bin/node CHECKOUT/lab/run.ts --`'
