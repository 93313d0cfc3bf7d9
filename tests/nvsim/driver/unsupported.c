/* Entry points that FFmpeg's loaders insist on and that a test never needs: each refuses, and the
 * log shows that it was asked for. */
#include "state.h"

static int refuse(enum family family, const char *function)
{
    struct call call;
    call_begin(&call, family, function, " ");
    return call_end(&call, CUDA_NOT_SUPPORTED);
}

#define CUDA(name) \
    EXPORT int name(void) { return refuse(FAMILY_CUDA, #name); }
#define CUVID(name) \
    EXPORT int name(void) { return refuse(FAMILY_CUVID, #name); }

CUDA(cuArray3DCreate_v2)
CUDA(cuArrayCreate_v2)
CUDA(cuArrayDestroy)
CUDA(cuDestroyExternalMemory)
CUDA(cuDestroyExternalSemaphore)
CUDA(cuDeviceGetByPCIBusId)
CUDA(cuDeviceGetLuid)
CUDA(cuEGLStreamConsumerDisconnect)
CUDA(cuEGLStreamProducerConnect)
CUDA(cuEGLStreamProducerDisconnect)
CUDA(cuEGLStreamProducerPresentFrame)
CUDA(cuEGLStreamProducerReturnFrame)
CUDA(cuExternalMemoryGetMappedBuffer)
CUDA(cuExternalMemoryGetMappedMipmappedArray)
CUDA(cuGLGetDevices_v2)
CUDA(cuGraphicsGLRegisterImage)
CUDA(cuGraphicsMapResources)
CUDA(cuGraphicsResourceGetMappedPointer_v2)
CUDA(cuGraphicsSubResourceGetMappedArray)
CUDA(cuGraphicsUnmapResources)
CUDA(cuGraphicsUnregisterResource)
CUDA(cuImportExternalMemory)
CUDA(cuImportExternalSemaphore)
CUDA(cuLaunchKernel)
CUDA(cuLinkAddData)
CUDA(cuLinkComplete)
CUDA(cuLinkCreate)
CUDA(cuLinkDestroy)
CUDA(cuMemAllocManaged)
CUDA(cuMipmappedArrayDestroy)
CUDA(cuMipmappedArrayGetLevel)
CUDA(cuModuleGetFunction)
CUDA(cuModuleGetGlobal)
CUDA(cuModuleLoadData)
CUDA(cuModuleUnload)
CUDA(cuSignalExternalSemaphoresAsync)
CUDA(cuTexObjectCreate)
CUDA(cuTexObjectDestroy)
CUDA(cuWaitExternalSemaphoresAsync)

/* The parser of libnvcuvid: FFmpeg's h264_cuvid decoder uses it, its hwaccel does not. */
CUVID(cuvidCreateVideoParser)
CUVID(cuvidCreateVideoSource)
CUVID(cuvidCreateVideoSourceW)
CUVID(cuvidDestroyVideoParser)
CUVID(cuvidDestroyVideoSource)
CUVID(cuvidGetSourceAudioFormat)
CUVID(cuvidGetSourceVideoFormat)
CUVID(cuvidGetVideoSourceState)
CUVID(cuvidParseVideoData)
CUVID(cuvidReconfigureDecoder)
CUVID(cuvidSetVideoSourceState)
