/* Memory of codecs and pictures: small pieces from malloc, large ones from the system itself, whose pages go back to it as soon
 * as the codec or the picture does.
 *
 * malloc keeps what is freed in the arena of the thread that had asked for it. The threads of codecs end with the last session
 * that has video, and new ones may get other arenas, of which there are up to eight for each core: each kept 17 MiB of a call of
 * 640x480 that was over. Other systems' allocators give large pieces back by themselves. */
#ifdef __linux__
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

/* Pieces of so many bytes are worth a call of the system. */
enum { LARGE = 64 * 1024 };
/* In bytes; libvpx has the same limit. */
static const uint64_t LARGEST = (uint64_t)1 << 36;

/* What is to be given back. It is right before the piece that was asked for. */
struct parley_block {
  void *start;
  /* Bytes; 0 for what is malloc's. */
  size_t mapped;
};

/* These are the four functions by which libvpx asks for all of its memory (vpx_mem/vpx_mem.c there): they stand for its own. */

void *vpx_memalign(size_t alignment, size_t size) {
  struct parley_block block = {NULL, 0};
  if (alignment < sizeof block) alignment = sizeof block;
  size_t around = sizeof block + alignment - 1;
  if (size > LARGEST - around) return NULL;
  if (size < LARGE) {
    block.start = malloc(size + around);
    if (!block.start) return NULL;
  } else {
    block.mapped = size + around;
    block.start = mmap(NULL, block.mapped, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (block.start == MAP_FAILED) return NULL;
  }
  uintptr_t piece = ((uintptr_t)block.start + around) & ~(uintptr_t)(alignment - 1);
  ((struct parley_block *)piece)[-1] = block;
  return (void *)piece;
}

void *vpx_malloc(size_t size) { return vpx_memalign(1, size); }

void *vpx_calloc(size_t number, size_t size) {
  if (size && number > LARGEST / size) return NULL;
  struct parley_block *piece = vpx_memalign(1, number * size);
  /* The system's pages are zeros already, and take no room before they are written to. */
  if (piece && !piece[-1].mapped) memset(piece, 0, number * size);
  return piece;
}

void vpx_free(void *piece) {
  if (!piece) return;
  struct parley_block block = ((struct parley_block *)piece)[-1];
  if (block.mapped) munmap(block.start, block.mapped);
  else free(block.start);
}
#endif
