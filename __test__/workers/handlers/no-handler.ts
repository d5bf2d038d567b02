export default class NoHandler {
  receive(): void {}
}
