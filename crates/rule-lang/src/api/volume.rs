//! Volumes of pods.

use super::meta::OBJECT_META;
use super::pod::LABEL_SELECTOR;

types! {
    AWS_ELASTIC_BLOCK_STORE_VOLUME_SOURCE "AWSElasticBlockStoreVolumeSource" {
        fsType Text, partition Number, readOnly Bool, volumeID Text,
    }
    AZURE_DISK_VOLUME_SOURCE "AzureDiskVolumeSource" {
        cachingMode Text, diskName Text, diskURI Text, fsType Text, kind Text, readOnly Bool,
    }
    AZURE_FILE_VOLUME_SOURCE "AzureFileVolumeSource" {
        readOnly Bool, secretName Text, shareName Text,
    }
    CSI_VOLUME_SOURCE "CSIVolumeSource" {
        driver Text, fsType Text, nodePublishSecretRef {LOCAL_OBJECT_REFERENCE}, readOnly Bool,
        volumeAttributes Map,
    }
    CEPH_FS_VOLUME_SOURCE "CephFSVolumeSource" {
        monitors [Text], path Text, readOnly Bool, secretFile Text, secretRef {LOCAL_OBJECT_REFERENCE},
        user Text,
    }
    CINDER_VOLUME_SOURCE "CinderVolumeSource" {
        fsType Text, readOnly Bool, secretRef {LOCAL_OBJECT_REFERENCE}, volumeID Text,
    }
    CLUSTER_TRUST_BUNDLE_PROJECTION "ClusterTrustBundleProjection" {
        labelSelector {LABEL_SELECTOR}, name Text, optional Bool, path Text, signerName Text, user Number,
    }
    CONFIG_MAP_PROJECTION "ConfigMapProjection" {
        items [{KEY_TO_PATH}], name Text, optional Bool,
    }
    CONFIG_MAP_VOLUME_SOURCE "ConfigMapVolumeSource" {
        defaultMode Number, defaultUser Number, items [{KEY_TO_PATH}], name Text, optional Bool,
    }
    DOWNWARD_API_PROJECTION "DownwardAPIProjection" {
        items [{DOWNWARD_API_VOLUME_FILE}],
    }
    DOWNWARD_API_VOLUME_FILE "DownwardAPIVolumeFile" {
        fieldRef {OBJECT_FIELD_SELECTOR}, mode Number, path Text, resourceFieldRef {RESOURCE_FIELD_SELECTOR},
        user Number,
    }
    DOWNWARD_API_VOLUME_SOURCE "DownwardAPIVolumeSource" {
        defaultMode Number, defaultUser Number, items [{DOWNWARD_API_VOLUME_FILE}],
    }
    EMPTY_DIR_VOLUME_SOURCE "EmptyDirVolumeSource" {
        medium Text, mode Number, sizeLimit Scalar,
    }
    EPHEMERAL_VOLUME_SOURCE "EphemeralVolumeSource" {
        volumeClaimTemplate {PERSISTENT_VOLUME_CLAIM_TEMPLATE},
    }
    FC_VOLUME_SOURCE "FCVolumeSource" {
        fsType Text, lun Number, readOnly Bool, targetWWNs [Text], wwids [Text],
    }
    FLEX_VOLUME_SOURCE "FlexVolumeSource" {
        driver Text, fsType Text, options Map, readOnly Bool, secretRef {LOCAL_OBJECT_REFERENCE},
    }
    FLOCKER_VOLUME_SOURCE "FlockerVolumeSource" {
        datasetName Text, datasetUUID Text,
    }
    GCE_PERSISTENT_DISK_VOLUME_SOURCE "GCEPersistentDiskVolumeSource" {
        fsType Text, partition Number, pdName Text, readOnly Bool,
    }
    GIT_REPO_VOLUME_SOURCE "GitRepoVolumeSource" {
        directory Text, repository Text, revision Text,
    }
    GLUSTERFS_VOLUME_SOURCE "GlusterfsVolumeSource" {
        endpoints Text, path Text, readOnly Bool,
    }
    HOST_PATH_VOLUME_SOURCE "HostPathVolumeSource" {
        path Text, type Text,
    }
    ISCSI_VOLUME_SOURCE "ISCSIVolumeSource" {
        chapAuthDiscovery Bool, chapAuthSession Bool, fsType Text, initiatorName Text, iqn Text,
        iscsiInterface Text, lun Number, portals [Text], readOnly Bool, secretRef {LOCAL_OBJECT_REFERENCE},
        targetPortal Text,
    }
    IMAGE_VOLUME_SOURCE "ImageVolumeSource" {
        pullPolicy Text, reference Text,
    }
    KEY_TO_PATH "KeyToPath" {
        key Text, mode Number, path Text, user Number,
    }
    LOCAL_OBJECT_REFERENCE "LocalObjectReference" {
        name Text,
    }
    NFS_VOLUME_SOURCE "NFSVolumeSource" {
        path Text, readOnly Bool, server Text,
    }
    OBJECT_FIELD_SELECTOR "ObjectFieldSelector" {
        apiVersion Text, fieldPath Text,
    }
    PERSISTENT_VOLUME_CLAIM_SPEC "PersistentVolumeClaimSpec" {
        accessModes [Text], dataSource {TYPED_LOCAL_OBJECT_REFERENCE}, dataSourceRef {TYPED_OBJECT_REFERENCE},
        resources {VOLUME_RESOURCE_REQUIREMENTS}, selector {LABEL_SELECTOR}, storageClassName Text,
        volumeAttributesClassName Text, volumeMode Text, volumeName Text,
    }
    PERSISTENT_VOLUME_CLAIM_TEMPLATE "PersistentVolumeClaimTemplate" {
        metadata {OBJECT_META}, spec {PERSISTENT_VOLUME_CLAIM_SPEC},
    }
    PERSISTENT_VOLUME_CLAIM_VOLUME_SOURCE "PersistentVolumeClaimVolumeSource" {
        claimName Text, readOnly Bool,
    }
    PHOTON_PERSISTENT_DISK_VOLUME_SOURCE "PhotonPersistentDiskVolumeSource" {
        fsType Text, pdID Text,
    }
    POD_CERTIFICATE_PROJECTION "PodCertificateProjection" {
        certificateChainPath Text, credentialBundlePath Text, keyPath Text, keyType Text,
        maxExpirationSeconds Number, signerName Text, user Number, userAnnotations Map,
    }
    PORTWORX_VOLUME_SOURCE "PortworxVolumeSource" {
        fsType Text, readOnly Bool, volumeID Text,
    }
    PROJECTED_VOLUME_SOURCE "ProjectedVolumeSource" {
        defaultMode Number, defaultUser Number, sources [{VOLUME_PROJECTION}],
    }
    QUOBYTE_VOLUME_SOURCE "QuobyteVolumeSource" {
        group Text, readOnly Bool, registry Text, tenant Text, user Text, volume Text,
    }
    RBD_VOLUME_SOURCE "RBDVolumeSource" {
        fsType Text, image Text, keyring Text, monitors [Text], pool Text, readOnly Bool,
        secretRef {LOCAL_OBJECT_REFERENCE}, user Text,
    }
    RESOURCE_FIELD_SELECTOR "ResourceFieldSelector" {
        containerName Text, divisor Scalar, resource Text,
    }
    SCALE_IO_VOLUME_SOURCE "ScaleIOVolumeSource" {
        fsType Text, gateway Text, protectionDomain Text, readOnly Bool, secretRef {LOCAL_OBJECT_REFERENCE},
        sslEnabled Bool, storageMode Text, storagePool Text, system Text, volumeName Text,
    }
    SECRET_PROJECTION "SecretProjection" {
        items [{KEY_TO_PATH}], name Text, optional Bool,
    }
    SECRET_VOLUME_SOURCE "SecretVolumeSource" {
        defaultMode Number, defaultUser Number, items [{KEY_TO_PATH}], optional Bool, secretName Text,
    }
    SERVICE_ACCOUNT_TOKEN_PROJECTION "ServiceAccountTokenProjection" {
        audience Text, expirationSeconds Number, path Text, user Number,
    }
    STORAGE_OS_VOLUME_SOURCE "StorageOSVolumeSource" {
        fsType Text, readOnly Bool, secretRef {LOCAL_OBJECT_REFERENCE}, volumeName Text, volumeNamespace Text,
    }
    TYPED_LOCAL_OBJECT_REFERENCE "TypedLocalObjectReference" {
        apiGroup Text, kind Text, name Text,
    }
    TYPED_OBJECT_REFERENCE "TypedObjectReference" {
        apiGroup Text, kind Text, name Text, namespace Text,
    }
    VOLUME "Volume" {
        awsElasticBlockStore {AWS_ELASTIC_BLOCK_STORE_VOLUME_SOURCE}, azureDisk {AZURE_DISK_VOLUME_SOURCE},
        azureFile {AZURE_FILE_VOLUME_SOURCE}, cephfs {CEPH_FS_VOLUME_SOURCE}, cinder {CINDER_VOLUME_SOURCE},
        configMap {CONFIG_MAP_VOLUME_SOURCE}, csi {CSI_VOLUME_SOURCE}, downwardAPI {DOWNWARD_API_VOLUME_SOURCE},
        emptyDir {EMPTY_DIR_VOLUME_SOURCE}, ephemeral {EPHEMERAL_VOLUME_SOURCE}, fc {FC_VOLUME_SOURCE},
        flexVolume {FLEX_VOLUME_SOURCE}, flocker {FLOCKER_VOLUME_SOURCE},
        gcePersistentDisk {GCE_PERSISTENT_DISK_VOLUME_SOURCE}, gitRepo {GIT_REPO_VOLUME_SOURCE},
        glusterfs {GLUSTERFS_VOLUME_SOURCE}, hostPath {HOST_PATH_VOLUME_SOURCE}, image {IMAGE_VOLUME_SOURCE},
        iscsi {ISCSI_VOLUME_SOURCE}, name Text, nfs {NFS_VOLUME_SOURCE},
        persistentVolumeClaim {PERSISTENT_VOLUME_CLAIM_VOLUME_SOURCE},
        photonPersistentDisk {PHOTON_PERSISTENT_DISK_VOLUME_SOURCE}, portworxVolume {PORTWORX_VOLUME_SOURCE},
        projected {PROJECTED_VOLUME_SOURCE}, quobyte {QUOBYTE_VOLUME_SOURCE}, rbd {RBD_VOLUME_SOURCE},
        scaleIO {SCALE_IO_VOLUME_SOURCE}, secret {SECRET_VOLUME_SOURCE}, storageos {STORAGE_OS_VOLUME_SOURCE},
        vsphereVolume {VSPHERE_VIRTUAL_DISK_VOLUME_SOURCE},
    }
    VOLUME_PROJECTION "VolumeProjection" {
        clusterTrustBundle {CLUSTER_TRUST_BUNDLE_PROJECTION}, configMap {CONFIG_MAP_PROJECTION},
        downwardAPI {DOWNWARD_API_PROJECTION}, podCertificate {POD_CERTIFICATE_PROJECTION},
        secret {SECRET_PROJECTION}, serviceAccountToken {SERVICE_ACCOUNT_TOKEN_PROJECTION},
    }
    VOLUME_RESOURCE_REQUIREMENTS "VolumeResourceRequirements" {
        limits Map, requests Map,
    }
    VSPHERE_VIRTUAL_DISK_VOLUME_SOURCE "VsphereVirtualDiskVolumeSource" {
        fsType Text, storagePolicyID Text, storagePolicyName Text, volumePath Text,
    }
}
