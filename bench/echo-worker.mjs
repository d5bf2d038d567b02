// What HANDLER=worker runs on its threads.
export { AsyncEcho as default } from './echo.mjs'
