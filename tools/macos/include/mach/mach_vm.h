/* What hubspy and its runtime call of Apple's <mach/mach_vm.h>, which the cross
 * compiler's headers lack. For the cross build only: on a Mac the SDK has it.
 */
#ifndef HUBSPY_MACOS_MACH_VM_H_
#define HUBSPY_MACOS_MACH_VM_H_

#include <mach/mach_types.h>
#include <mach/vm_types.h>

#ifdef __cplusplus
extern "C" {
#endif

kern_return_t mach_vm_deallocate(vm_map_t target, mach_vm_address_t address,
                                 mach_vm_size_t size);
kern_return_t mach_vm_read_overwrite(vm_map_read_t target,
                                     mach_vm_address_t address,
                                     mach_vm_size_t size,
                                     mach_vm_address_t data,
                                     mach_vm_size_t* out_size);
kern_return_t mach_vm_region(vm_map_read_t target, mach_vm_address_t* address,
                             mach_vm_size_t* size, vm_region_flavor_t flavor,
                             vm_region_info_t info,
                             mach_msg_type_number_t* info_count,
                             mach_port_t* object_name);

#ifdef __cplusplus
}
#endif

#endif /* HUBSPY_MACOS_MACH_VM_H_ */
