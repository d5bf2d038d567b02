/** Frames that are heard before anything goes wrong, so that the media have run both ways. */
export const TALK_FRAMES = 5

/** The output by which a handler tells that so many were heard, where it can't tell its watcher. */
export const TALKED = 'talked'
